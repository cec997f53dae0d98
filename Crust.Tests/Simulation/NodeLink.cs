using Crust.Buffers;
using Crust.Identity;
using Crust.Session;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Session.Records;

namespace Crust.Tests.Simulation;

/// <summary>
/// A node's end of a <see cref="SimulatedLink"/>: cuts bytes into wire units, shakes hands, seals and opens records. What the product's drivers do with
/// tasks and sockets, here by events; every decision and every byte is the product's.
/// </summary>
#pragma warning disable CA1001 // Keys and handshake are wiped when the link is left, which every link is in the end.
internal sealed class NodeLink : ILinkReader
#pragma warning restore CA1001
{
    private readonly SimulatedNode _node;
    private readonly SimulatedLink _link;
    private readonly RecordSizer _sizer = new();
    private readonly byte[] _plaintext = new byte[RecordSizer.LargeBytes];
    private readonly LentPayloads _lent = new();
    private Action<bool>? _done;
    private PeerId? _remote;
    private byte[] _input = new byte[4096];
    private int _filled;
    private long _consumed;
    private InitiatorHandshake? _handshake;
    private HandshakeResult? _result;
    private RecordSealer? _sealer;
    private RecordOpener? _opener;
    private bool _isUnderWay;
    private bool _isClosed;

    internal NodeLink(SimulatedNode node, SimulatedLink link, bool isDialler, PeerId? remote, Action<bool>? done) =>
        (_node, _link, IsDialler, _remote, _done) = (node, link, isDialler, remote, done);

    internal bool IsDialler { get; }

    /// <summary>True when an attacker holds the other end: nothing may come of it.</summary>
    internal bool IsAttack { get; init; }

    internal SimulatedLink Link => _link;

    internal HandshakeResult Result => _result!;

    /// <summary>The session that it carries.</summary>
    internal SimulatedSession? Session { get; set; }

    /// <summary>What the session calls it.</summary>
    internal SessionLink Handle { get; set; } = null!;

    private World World => _node.World;

    /// <summary>Begins the handshake on the dialling side, or waits for it.</summary>
    internal void Start()
    {
        World.After(SimulatedSession.HandshakeTimeout, () =>
        {
            if (Session is null)
                Abort();
        });
        if (!IsDialler)
            return;
        if (_node.Peers.BeginHandshake(_remote!.Value) is not { } nonces)
        {
            Abort();
            return;
        }

        _isUnderWay = true;
        _handshake = new InitiatorHandshake(_node.Identity, _remote.Value, _node.Network, _node.Offer(nonces), _node.DrawRandomness());
        WriteHandshake(RecordType.HandshakeMessage1, _handshake.WriteMessage1);
    }

    /// <inheritdoc/>
    public void Arrived(ReadOnlySpan<byte> bytes)
    {
        if (_isClosed)
            return;
        if (_input.Length < _filled + bytes.Length)
            Array.Resize(ref _input, Math.Max(_input.Length * 2, _filled + bytes.Length));
        bytes.CopyTo(_input.AsSpan(_filled));
        _filled += bytes.Length;
        var start = 0;
        while (!_isClosed && _filled - start >= RecordHeader.Length)
        {
            if (!RecordHeader.TryRead(_input.AsSpan(start), out var header) || header.IsRecord != (_opener is not null))
            {
                Abort();
                return;
            }

            var total = RecordHeader.Length + header.BodyLength;
            if (_filled - start < total)
                break;
            _consumed += total;
            HandleUnit(header, _input.AsSpan(start + RecordHeader.Length, header.BodyLength));
            start += total;
        }

        _input.AsSpan(start, _filled - start).CopyTo(_input);
        _filled -= start;
    }

    /// <inheritdoc/>
    public void RoomAgain()
    {
        if (_isClosed || Session is null)
            return;
        WriteAll();
        Session.Settle();
    }

    /// <inheritdoc/>
    public void Ended() => Leave();

    /// <summary>Writes every record that the session has for this link, until the link is full.</summary>
    internal void WriteAll()
    {
        while (!_isClosed && _link.HasRoom(IsDialler))
        {
            if (Handle.IsUnwanted)
            {
                Abort();
                return;
            }

            var session = Session!;
            var now = World.Now;
            var length = session.Machine.PollRecord(Handle, _plaintext.AsSpan(0, _sizer.NextBytes(now)), now, World.UnixMilliseconds, _lent);
            _sizer.Sent(length, now);
            session.Drain();
            if (length == 0)
            {
                if (session.Machine.IsClosed)
                    Close();
                return;
            }

            var unit = SealLent(length);
            session.Machine.TakeBack(_lent);
            FrameWalk.Check(_plaintext.AsSpan(0, length), session);
            if (World.IsTraced)
                World.Log($"{_node.Name} writes to {_link.Number}:{FrameWalk.Describe(_plaintext.AsSpan(0, length))}");
            Put(unit);
        }
    }

    /// <summary>Closes in order: what was written arrives.</summary>
    internal void Close()
    {
        if (_isClosed)
            return;
        _link.Close(IsDialler);
        Leave();
    }

    /// <summary>Drops the link at once.</summary>
    internal void Abort(bool silently = false)
    {
        if (_isClosed)
            return;
        _link.Abort(IsDialler, silently);
        Leave();
    }

    /// <summary>The node's memory is gone, and this with it.</summary>
    internal void Forget(bool silently)
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _link.Abort(IsDialler, silently);
        _sealer?.Dispose();
        _opener?.Dispose();
    }

    private void Leave()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _node.Remove(this);
        _handshake?.Dispose();
        _sealer?.Dispose();
        _opener?.Dispose();
        EndHandshake();
        if (Session is { } session)
            World.Soon(() => session.LinkEnded(this));
    }

    private void EndHandshake()
    {
        if (_isUnderWay)
        {
            _isUnderWay = false;
            _node.Peers.EndHandshake(_remote!.Value);
        }

        var done = _done;
        _done = null;
        done?.Invoke(Session is not null);
    }

    private void HandleUnit(RecordHeader header, Span<byte> body)
    {
        if (_opener is null)
        {
            if (!TryShakeHands(header, body))
                Abort();
            return;
        }

        if (!_opener.TryOpen(header, body, body, out var length))
        {
            World.Log($"{_node.Name} link {_link.Number}: a record does not open");
            // As the product's reader: the goodbye that may be due still goes out.
            if (Session is { Machine.OwesGoodbye: true })
                WriteAll();
            Abort();
            return;
        }

        if (_consumed > _link.AlteredFrom(IsDialler))
            throw new SimulationException($"{_node.Name} link {_link.Number}: a record opened beyond the first altered byte");
        if (Session is null)
        {
            // The record that confirms the handshake.
            if (IsAttack)
                throw new SimulationException($"{_node.Name} link {_link.Number}: a replayed handshake was confirmed");
            _node.Adopt(this);
            EndHandshake();
            return;
        }

        if (!Session.HandleRecord(this, body[..length]))
        {
            if (!_isClosed && Session.Machine.OwesGoodbye && Session.Machine.ActiveLink == Handle)
                WriteAll();
            Close();
        }
    }

    private bool TryShakeHands(RecordHeader header, ReadOnlySpan<byte> body)
    {
        if (IsDialler)
        {
            if (header.Type != RecordType.HandshakeMessage2 || !_handshake!.TryReadMessage2(body, out _result))
                return false;
            if (_consumed > _link.AlteredFrom(IsDialler))
                throw new SimulationException($"{_node.Name} link {_link.Number}: an altered message 2 was taken");
            if (!_node.Peers.MayConfirm(_result!))
                return false;
            Establish();
            Seal([]);
            _node.Adopt(this);
            EndHandshake();
            return true;
        }

        var handshake = new ResponderHandshake(_node.Identity, _node.Network, _node.DrawRandomness());
        if (header.Type != RecordType.HandshakeMessage1 || !handshake.TryReadMessage1(body, out var offer))
            return false;
        if (_consumed > _link.AlteredFrom(IsDialler))
            throw new SimulationException($"{_node.Name} link {_link.Number}: an altered message 1 was taken");
        if (_node.Peers.BeginHandshake(offer!.Initiator) is not { } nonces)
            return false;
        _remote = offer.Initiator;
        _isUnderWay = true;
        var promise = _node.Peers.Promise(offer.Initiator, offer.Nonce, _link.Rank, s => s.Machine.Promise(_link.Rank, World.Now));
        var reply = _node.Reply(offer, nonces, promise);
        WriteHandshake(RecordType.HandshakeMessage2, buffer => handshake.TryWriteMessage2(reply, buffer, out var length, out _result) ? length : 0);
        if (_result is null)
            return false;
        Establish();
        return true;
    }

    private void Establish()
    {
        _sealer = new RecordSealer(_result!.Suite, _result.SendKey, World.Now);
        _opener = new RecordOpener(_result.Suite, _result.ReceiveKey);
    }

    private delegate int WriteMessage(Span<byte> destination);

    private void WriteHandshake(RecordType type, WriteMessage write)
    {
        var buffer = new byte[RecordHeader.Length + RecordHeader.MaxHandshakeLength];
        var length = write(buffer.AsSpan(RecordHeader.Length));
        if (length == 0)
            return;
        new RecordHeader(type, length).Write(buffer);
        Put(buffer[..(RecordHeader.Length + length)]);
    }

    private void Seal(ReadOnlySpan<byte> plaintext)
    {
        var sealedRecord = new byte[plaintext.Length + RecordSealer.Overhead(_result!.Suite)];
        _sealer!.Seal(plaintext, sealedRecord, World.Now);
        Put(sealedRecord);
    }

    /// <summary>As the product does; what was left out of the plaintext is put in afterwards, for those who look at it.</summary>
    private byte[] SealLent(int length)
    {
        var unit = new byte[length + RecordSealer.Overhead(_result!.Suite)];
        _plaintext.AsSpan(0, length).CopyTo(unit.AsSpan(RecordHeader.Length));
        _sealer!.Seal(length, _lent, unit, World.Now);
        _lent.CopyTo(_plaintext);
        return unit;
    }

    private void Put(byte[] unit)
    {
        if (IsDialler)
            _node.Recorder.Record(_link, _remote!.Value, unit);
        _link.Write(IsDialler, unit);
    }
}
