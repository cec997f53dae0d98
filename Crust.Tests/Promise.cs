namespace Crust.Tests;

/// <summary>
/// What no busy machine excuses. Failures of an assertion that gives one of these as its reason are not tried again by <c>test.sh</c>, which looks for the words in the first line of the
/// message.
/// </summary>
internal static class Promise
{
    /// <summary>Nothing is lost, repeated or out of order, and bytes are the same.</summary>
    internal const string OnceAndInOrder = "of the promise: everything arrives once and in order";
}
