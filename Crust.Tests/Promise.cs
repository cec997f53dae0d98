namespace Crust.Tests;

/// <summary>
/// What no busy machine excuses. An assertion that gives one of these as its reason must not be forgiven because a second try passed: the words are in the first line of its
/// failure, for whoever decides about that.
/// </summary>
internal static class Promise
{
    /// <summary>Nothing is lost, repeated or out of order, and bytes are the same.</summary>
    internal const string OnceAndInOrder = "of the promise: everything arrives once and in order";
}
