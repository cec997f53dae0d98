using System.Diagnostics.CodeAnalysis;

namespace Crust.Client;

/// <summary>The answer to a call, or that there was none in time.</summary>
/// <param name="IsAvailable">False when the cluster did not answer: nothing is known, the call may or may not have had its effect, and may be made again.</param>
/// <param name="Value">The answer; default when there is none.</param>
public readonly record struct ClusterReply<T>(bool IsAvailable, T? Value)
{
    /// <summary>No answer.</summary>
    [SuppressMessage("Design", "CA1000", Justification = "The type's own empty value, as default(T) would be, with a name.")]
    public static ClusterReply<T> Unavailable => default;

    /// <summary>Takes the answer; false when there is none.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        value = Value;
        return IsAvailable;
    }
}
