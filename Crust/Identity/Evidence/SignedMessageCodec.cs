using System.Text;
using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity.Evidence;

/// <summary>The binary form of a <see cref="SignedMessage"/>, whose header lays it out.</summary>
internal static class SignedMessageCodec
{
    /// <summary>Everything but protocol name, audit path and payload.</summary>
    private const int FixedLength = EvidenceFormat.HeadLength + NetworkId.ByteLength + PeerId.ByteLength * 2 + BatchBody.SessionIdLength + sizeof(ulong)
        + sizeof(uint) + Blake3.HashLength + sizeof(ulong) + Ed25519.SignatureLength + 1 + 1 + sizeof(ulong) * 3 + Leaf.SaltLength + 1 + sizeof(uint);

    private const string Name = "a signed message";

    internal static int Length(SignedMessage message) => FixedLength + message.Protocol.Length + message.AuditPath.Length + message.Payload.Length;

    internal static byte[] Write(SignedMessage message)
    {
        var bytes = new byte[Length(message)];
        var writer = new SpanWriter(bytes);
        Write(message, ref writer);
        return bytes;
    }

    internal static void Write(SignedMessage message, ref SpanWriter writer)
    {
        EvidenceFormat.WriteHead(ref writer, EvidenceFormat.Message);
        writer.WriteBytes(message.Network.ToByteArray());
        message.Sender.CopyTo(writer.Reserve(PeerId.ByteLength));
        message.Receiver.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteBytes(message.SessionId.Span);
        writer.WriteUInt64(message.BatchFirst);
        writer.WriteUInt32((uint)message.BatchCount);
        writer.WriteBytes(message.PreviousHash.Span);
        writer.WriteUInt64(message.UnixMilliseconds);
        writer.WriteBytes(message.Signature.Span);
        writer.WriteByte((byte)message.Kind);
        writer.WriteByte((byte)message.Protocol.Length);
        Encoding.ASCII.GetBytes(message.Protocol, writer.Reserve(message.Protocol.Length));
        writer.WriteUInt64(message.StreamId);
        writer.WriteUInt64(message.Number);
        writer.WriteUInt64(message.Offset);
        writer.WriteBytes(message.Salt.Span);
        writer.WriteByte((byte)(message.AuditPath.Length / MerkleTree.HashLength));
        writer.WriteBytes(message.AuditPath.Span);
        writer.WriteUInt32((uint)message.Payload.Length);
        writer.WriteBytes(message.Payload.Span);
    }

    /// <summary>Reads one, with nothing before or behind; null with a sentence that says why not.</summary>
    internal static SignedMessage? Read(ReadOnlySpan<byte> encoded, out string? fault)
    {
        if (encoded.Length > SignedMessage.MaxLength)
        {
            fault = EvidenceFormat.TooLong;
            return null;
        }

        var reader = new SpanReader(encoded);
        fault = EvidenceFormat.ReadHead(ref reader, EvidenceFormat.Message, Name);
        if (fault is not null)
            return null;
        fault = EvidenceFormat.CutOff;
        if (!reader.TryReadBytes(NetworkId.ByteLength, out var network)
            || !reader.TryReadBytes(PeerId.ByteLength, out var senderKey)
            || !reader.TryReadBytes(PeerId.ByteLength, out var receiverKey)
            || !reader.TryReadBytes(BatchBody.SessionIdLength, out var sessionId)
            || !reader.TryReadUInt64(out var first)
            || !reader.TryReadUInt32(out var count)
            || !reader.TryReadBytes(Blake3.HashLength, out var previous)
            || !reader.TryReadUInt64(out var unixMilliseconds)
            || !reader.TryReadBytes(Ed25519.SignatureLength, out var signature)
            || !reader.TryReadByte(out var kind)
            || !reader.TryReadByte(out var protocolLength) || !reader.TryReadBytes(protocolLength, out var protocol)
            || !reader.TryReadUInt64(out var streamId)
            || !reader.TryReadUInt64(out var number)
            || !reader.TryReadUInt64(out var offset)
            || !reader.TryReadBytes(Leaf.SaltLength, out var salt)
            || !reader.TryReadByte(out var hashes) || !reader.TryReadBytes(hashes * MerkleTree.HashLength, out var path)
            || !reader.TryReadUInt32(out var payloadLength))
            return null;
        if (!PeerId.TryFromBytes(senderKey, out var sender) || !PeerId.TryFromBytes(receiverKey, out var receiver))
        {
            fault = "Its sender or receiver is no peer's key.";
            return null;
        }

        if (payloadLength != (uint)reader.Rest.Length)
        {
            fault = payloadLength > (uint)reader.Rest.Length ? EvidenceFormat.CutOff : "Something follows it.";
            return null;
        }

        var message = new SignedMessage
        {
            Network = NetworkId.FromHash(network),
            Sender = sender,
            Receiver = receiver,
            SessionId = sessionId.ToArray(),
            Kind = (SignedContent)kind,
            Protocol = Encoding.Latin1.GetString(protocol),
            StreamId = streamId,
            Number = number,
            Offset = offset,
            Payload = reader.Rest.ToArray(),
            Salt = salt.ToArray(),
            BatchFirst = first,
            BatchCount = count > EvidenceLimits.MaxBatchCount ? 0 : (int)count,
            PreviousHash = previous.ToArray(),
            UnixMilliseconds = unixMilliseconds,
            Signature = signature.ToArray(),
            AuditPath = path.ToArray(),
        };
        fault = message.FindFault();
        return fault is null ? message : null;
    }
}
