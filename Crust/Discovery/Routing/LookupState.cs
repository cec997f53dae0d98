namespace Crust.Discovery.Routing;

/// <summary>How far a look-up has come with one peer.</summary>
internal enum LookupState
{
    /// <summary>Not asked.</summary>
    New,

    /// <summary>Asked.</summary>
    Asked,

    /// <summary>Asked a while ago: another was asked in its place.</summary>
    Slow,

    /// <summary>Answered.</summary>
    Answered,

    /// <summary>Did not answer, or said nonsense.</summary>
    Failed,
}
