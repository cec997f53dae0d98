namespace Crust;

/// <summary>What goes first when a link cannot take everything at once. A higher one steps in between the pieces of a lower one's long messages.</summary>
public enum MessagePriority
{
    /// <summary>Before everything else: what a person waits for, control.</summary>
    Urgent = 0,

    /// <summary>The default.</summary>
    Normal = 1,

    /// <summary>When nothing else waits. A message that was not begun after 60 s is dropped and counted.</summary>
    Low = 2,

    /// <summary>After everything else; dropped like <see cref="Low"/>.</summary>
    Background = 3,
}
