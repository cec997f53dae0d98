using Crust.Primitives;
using Crust.Utp.Packets;

namespace Crust.Utp;

internal sealed partial class UtpConnection
{
    private ushort _synNumber;
    private long _synMicroseconds;
    private long _openedMicroseconds;
    private int _syns;
    private bool _isSynDue;

    /// <summary>Packets carry the mark of a Crust peer, until the other side, who keeps nothing of our SYN, must know it.</summary>
    private bool _marksPackets;

    /// <summary>We begin it: a SYN is due.</summary>
    internal void Connect(ushort initialSequenceNumber, long nowMicroseconds)
    {
        State = UtpConnectionState.Connecting;
        _synNumber = initialSequenceNumber;
        _openedMicroseconds = _receivedMicroseconds = nowMicroseconds;
        _isSynDue = true;
        _endpoint.Wake(this);
    }

    /// <summary>The remote began it: its first DATA or FIN acknowledges the cookie.</summary>
    internal void Accept(in PacketHeader header, in PacketExtensions extensions, ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        Open(header.SequenceNumber, unchecked((ushort)(header.AcknowledgementNumber + 1)), header, extensions, nowMicroseconds);
        _endpoint.Raise(this, UtpEventKind.Accepted);
        Handle(header, extensions, payload, nowMicroseconds);
    }

    private void HandleAnswer(in PacketHeader header, in PacketExtensions extensions, long nowMicroseconds)
    {
        if (header.Type != PacketType.State || header.AcknowledgementNumber != _synNumber || _syns == 0)
        {
            _endpoint.Statistics.Dropped++;
            return;
        }

        _endpoint.Settled(this);
        Open(header.SequenceNumber, unchecked((ushort)(_synNumber + 1)), header, extensions, nowMicroseconds);
        if (_syns == 1)
            _sending.AddRttSample(nowMicroseconds - _synMicroseconds);
        _marksPackets = IsCrust;
        _sending.ExtensionLength = IsCrust ? PeerMark.ExtensionLength : 0;
        _ = NoteTimestamp(header.Timestamp, carries: false, nowMicroseconds);
        if (header.TimestampDifference != 0)
            _queueingDelay = _delays.Add(header.TimestampDifference, nowMicroseconds);
        _endpoint.Raise(this, UtpEventKind.Connected);
        _endpoint.Wake(this);
    }

    /// <summary>Numbers of the first packets are known on both sides.</summary>
    private void Open(ushort expected, ushort next, in PacketHeader header, in PacketExtensions extensions, long nowMicroseconds)
    {
        State = UtpConnectionState.Open;
        IsCrust = extensions.IsMarked;
        if (IsCrust)
        {
            _sending.MaxWindowPackets = _receiving.MaxWindowPackets = WideWindowPackets;
            _sending.AllowJumbo();
            _receiving.IsCrust = true;
        }

        // Numbers of both directions begin above a wrap, so that older ones stay positive.
        _receiving.Begin(expected + (1L << 16));
        _sending.Begin(next + (1L << 16), header.WindowBytes, nowMicroseconds);
        _openedMicroseconds = _receivedMicroseconds = _sentMicroseconds = nowMicroseconds;
        _newestTimestamp = header.Timestamp;
        _newestMicroseconds = nowMicroseconds;
    }

    private int WriteSyn(Span<byte> buffer, long nowMicroseconds)
    {
        _isSynDue = false;
        _syns++;
        _synMicroseconds = nowMicroseconds;
        new PacketHeader(
            PacketType.Syn, ExtensionKind.Bits, Key.ReceiveId, _endpoint.Timestamp(nowMicroseconds), 0, _receiving.Announce(), _synNumber, 0).Write(buffer);
        return PacketHeader.Length + PeerMark.Write(buffer[PacketHeader.Length..], ExtensionKind.None);
    }
}
