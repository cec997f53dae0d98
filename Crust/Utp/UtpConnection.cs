using Crust.Primitives;

namespace Crust.Utp;

/// <summary>One µTP connection (BEP 29): an ordered, reliable byte stream each way. Pure; one thread at a time, its endpoint's.</summary>
internal sealed class UtpConnection
{
    internal TransportAddress Remote => throw new NotImplementedException();

    /// <summary>The driver's own; null until it is set.</summary>
    internal object? Owner { get; set; }

    internal UtpEndReason EndReason => throw new NotImplementedException();

    /// <summary>Bytes that <see cref="Read"/> would give.</summary>
    internal int ReadableBytes => throw new NotImplementedException();

    /// <summary>The remote finished, and everything before that was read.</summary>
    internal bool IsReadFinished => throw new NotImplementedException();

    /// <summary>Takes as many bytes as the send buffer has room for, and returns how many. Less than all: <see cref="UtpEventKind.Writable"/> follows.</summary>
    internal int Write(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();

    /// <summary>Copies received bytes, in order; the receive window opens by as many.</summary>
    internal int Read(Span<byte> destination) => throw new NotImplementedException();

    /// <summary>Nothing more will be written: a FIN follows what was (half close). Repeated calls do nothing.</summary>
    internal void FinishWriting() => throw new NotImplementedException();

    /// <summary>Ends it at once; the remote gets a RESET.</summary>
    internal void Abort() => throw new NotImplementedException();
}
