using Crust.Utp;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>One end of a <see cref="Conversation"/>: writes its bytes in pieces, reads with pauses, checks every byte, finishes, and expects the same of the other.</summary>
internal sealed class ConversationEnd(World world, Conversation conversation, UtpHost host, bool isDialler, long length) : IUtpUser
{
    private const int PieceLength = 40 << 10;

    private readonly long _content = (conversation.Number * 2 + (isDialler ? 0 : 1)) * 15_485_863L;
    private readonly bool _isLazy = world.Random.Chance(0.2);
    private bool _isReadDue;
    private bool _isWriting;
    private bool _isFinished;
    private bool _hasConnected;

    internal UtpHost Host => host;

    internal UtpConnection? Connection { get; private set; }

    internal long Length => length;

    internal long Written { get; private set; }

    internal long Received { get; private set; }

    /// <summary>It aborts when so much was written or received.</summary>
    internal long AbortsAt { get; set; } = long.MaxValue;

    internal bool IsOver { get; private set; }

    internal void Open(UtpConnection connection) => Connection = connection;

    /// <summary>The acceptor's end begins.</summary>
    internal void Accept(UtpConnection connection)
    {
        Connection = connection;
        Write();
    }

    /// <summary>Its process is gone.</summary>
    internal void Forget() => IsOver = true;

    /// <summary>Ends it at once.</summary>
    internal void Abort()
    {
        world.Log($"{this} aborts");
        conversation.MayFail = true;
        Connection!.Abort();
        host.Wake();
    }

    public void Connected()
    {
        if (_hasConnected || !isDialler)
            throw new SimulationException($"{this}: connected twice");
        _hasConnected = true;
        Write();
    }

    public void Readable()
    {
        RequireOpen("readable");
        if (_isReadDue)
            return;
        _isReadDue = true;
        world.After(world.Random.Chance(_isLazy ? 0.9 : 0.1) ? world.UpTo(TimeSpan.FromMilliseconds(_isLazy ? 3000 : 100)) : TimeSpan.Zero, Read);
    }

    public void Writable()
    {
        RequireOpen("writable");
        Write();
    }

    public void Ended()
    {
        RequireOpen("ended");
        IsOver = true;
        var reason = Connection!.EndReason;
        world.Log($"{this}: {reason} with {Written} of {length} written, {Received} received");
        world.Mark((ulong)reason);
        if (reason == UtpEndReason.None)
            throw new SimulationException($"{this}: ended, and has no reason");
        if (reason == UtpEndReason.Finished && (!_isFinished || conversation.Other(this).Written < Received))
            throw new SimulationException($"{this}: finished, and had not");
        // What came before the end is still there.
        ReadAll();
    }

    public override string ToString() => $"conversation {conversation.Number}, {(isDialler ? "dialler" : "acceptor")}";

    private void RequireOpen(string what)
    {
        if (IsOver)
            throw new SimulationException($"{this}: {what} after its end");
    }

    private void Write()
    {
        if (_isWriting || _isFinished || IsOver)
            return;
        var random = world.Random;
        var piece = new byte[PieceLength];
        while (Written < length)
        {
            var bytes = piece.AsSpan(0, (int)Math.Min(random.Next(1, PieceLength), length - Written));
            Content.CopyFrom(_content + Written, bytes);
            var taken = Connection!.Write(bytes);
            Written += taken;
            if (Written >= AbortsAt)
            {
                Abort();
                return;
            }

            if (taken < bytes.Length)
            {
                host.Wake();
                return;
            }

            if (random.Chance(0.3))
            {
                _isWriting = true;
                world.After(world.UpTo(TimeSpan.FromMilliseconds(300)), () =>
                {
                    _isWriting = false;
                    Write();
                });
                host.Wake();
                return;
            }
        }

        _isFinished = true;
        Connection!.FinishWriting();
        host.Wake();
    }

    private void Read()
    {
        _isReadDue = false;
        if (IsOver)
            return;
        ReadAll();
        host.Wake();
        if (Received >= AbortsAt)
            Abort();
    }

    private static string Difference(ReadOnlySpan<byte> bytes, long content)
    {
        var right = new byte[bytes.Length];
        Content.CopyFrom(content, right);
        var wrong = new List<int>();
        for (var i = 0; i < right.Length; i++)
        {
            if (right[i] != bytes[i])
                wrong.Add(i);
        }

        return wrong.Count == 0 ? "" : $": {wrong.Count} are wrong, from {wrong[0]} to {wrong[^1]}";
    }

    private void ReadAll()
    {
        Span<byte> buffer = stackalloc byte[8 << 10];
        var other = conversation.Other(this);
        while (Connection!.Read(buffer[..world.Random.Next(1, buffer.Length)]) is > 0 and var count)
        {
            if (Received + count > other.Written || !Content.IsPiece(buffer[..count], other._content + Received))
                throw new SimulationException($"{this}: {count} bytes at {Received} are not what was written there ({other.Written} bytes in all){Difference(buffer[..count], other._content + Received)}");
            Received += count;
            world.Mark((ulong)count);
        }

        if ((!IsOver || Connection.EndReason == UtpEndReason.Finished) && Connection.IsReadFinished && (!other._isFinished || Received != other.Length))
            throw new SimulationException($"{this}: the end after {Received} bytes, but {other.Written} of {other.Length} were written");
    }
}
