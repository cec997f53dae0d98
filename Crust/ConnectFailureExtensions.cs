namespace Crust;

/// <summary>The spelling of a failure on the command line.</summary>
public static class ConnectFailureExtensions
{
    /// <summary>The kebab-case name: <c>peer-not-found</c> and so on.</summary>
    public static string ToToken(this ConnectFailure failure) =>
        string.Concat(failure.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
