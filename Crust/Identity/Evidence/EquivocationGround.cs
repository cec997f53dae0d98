namespace Crust.Identity.Evidence;

/// <summary>Why two signed messages contradict each other.</summary>
public enum EquivocationGround
{
    /// <summary>They do not.</summary>
    None = 0,

    /// <summary>One number, two contents: the sender signed both as the same place of one session.</summary>
    TwoContents = 1,

    /// <summary>
    /// Two statements cover one number and differ: the sender signed two branches of one session. Whether what they say under the shared numbers differs is not
    /// shown by these two messages.
    /// </summary>
    TwoStatements = 2,
}
