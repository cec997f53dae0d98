using Crust.Primitives;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>A bidirectional byte stream between two nodes, or between an attacker and a node, and what can happen to it. Ends are named by who dialled.</summary>
internal abstract class SimulatedLink(LinkRank rank, int number)
{
    internal LinkRank Rank { get; } = rank;

    internal int Number { get; } = number;

    /// <summary>Both ends know that it is over, or will learn it.</summary>
    internal bool IsOver { get; private protected set; }

    /// <summary>Somebody is at an end.</summary>
    internal abstract void Attach(bool isDialler, ILinkReader end);

    /// <summary>Whether an end may write; if not, it is told when it may.</summary>
    internal abstract bool HasRoom(bool isDialler);

    /// <summary>An end writes. What exceeds the room is taken too; but then <see cref="HasRoom"/> is false.</summary>
    internal abstract void Write(bool isDialler, byte[] ownedBytes);

    /// <summary>The first byte that an end reads which is not what was written; nothing from it on may open as a record.</summary>
    internal abstract long AlteredFrom(bool isDialler);

    /// <summary>An end closes in order: what it wrote still arrives, then the end.</summary>
    internal abstract void Close(bool byDialler);

    /// <summary>An end is gone: the other sees a reset after a while; or never, when <paramref name="silently"/>.</summary>
    internal abstract void Abort(bool byDialler, bool silently);

    /// <summary>The network resets the link: one end sees it at once, the other after <paramref name="otherAfter"/>, or never.</summary>
    internal abstract void Reset(bool dialler, TimeSpan? otherAfter);

    /// <summary>Nothing arrives for a while.</summary>
    internal abstract void Stall(Instant until);

    /// <summary>From now on nothing arrives that an end writes, and nobody is told.</summary>
    internal abstract void Swallow(bool fromDialler);

    /// <summary>Somebody on the path alters what is under way. False when nothing is, or nothing changed.</summary>
    internal abstract bool TryAlter(bool fromDialler);

    /// <summary>Somebody on the path ends the stream somewhere in what is under way.</summary>
    internal abstract void Truncate(bool fromDialler);
}
