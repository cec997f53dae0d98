using System.Collections.Immutable;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Session.Records;
using Crust.Wire;

namespace Crust.Session.Handshakes;

/// <summary>
/// The payloads inside the Noise messages, big endian.
/// Message 1: <c>minor u8 ‖ initiator (32) ‖ nonce (16) ‖ known u8 (0 or 1) ‖ known nonce (16 if 1) ‖ features u32 ‖ epoch u64 ‖ count u8 ‖ suites ‖ extensions</c>.
/// Message 2: <c>minor u8 ‖ nonce (16) ‖ known u8 ‖ known nonce (16 if 1) ‖ features u32 ‖ epoch u64 ‖ generation u32 ‖ suite u8 ‖ extensions</c>.
/// Extensions, at most <see cref="MaxExtensionLength"/> bytes, are for later minor versions and ignored here.
/// </summary>
internal static class HandshakePayload
{
    /// <summary>Most suites in an offer. Ours: four exist.</summary>
    internal const int MaxSuites = 16;

    /// <summary>Most bytes after the last field. Ours: room to grow, nothing to flood.</summary>
    internal const int MaxExtensionLength = 256;

    /// <summary>Bytes of the longest payload of either message.</summary>
    internal const int MaxLength = 1 + PeerId.ByteLength + SessionNonce.Length + 1 + SessionNonce.Length + sizeof(uint) + ProcessEpoch.Length + 1 + MaxSuites + MaxExtensionLength;

    /// <summary>Writes message 1's payload and returns its length.</summary>
    internal static int Write(HandshakeOffer offer, Span<byte> destination)
    {
        if (offer.Suites.Length is 0 or > MaxSuites)
            throw new ArgumentException("An offer has 1 to 16 suites.", nameof(offer));
        var writer = new SpanWriter(destination);
        writer.WriteByte(offer.MinorVersion);
        offer.Initiator.CopyTo(writer.Reserve(PeerId.ByteLength));
        WriteCommon(ref writer, offer.Nonce, offer.KnownNonce, offer.Features, offer.Epoch);
        writer.WriteByte((byte)offer.Suites.Length);
        foreach (var suite in offer.Suites)
            writer.WriteByte((byte)suite);
        return writer.Position;
    }

    /// <summary>Writes message 2's payload and returns its length.</summary>
    internal static int Write(HandshakeReply reply, Span<byte> destination)
    {
        var writer = new SpanWriter(destination);
        writer.WriteByte(reply.MinorVersion);
        WriteCommon(ref writer, reply.Nonce, reply.KnownNonce, reply.Features, reply.Epoch);
        writer.WriteUInt32(reply.Generation);
        writer.WriteByte((byte)reply.Suite);
        return writer.Position;
    }

    /// <summary>Parses message 1's payload; false when it is malformed or its id is no peer's.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, out HandshakeOffer? offer)
    {
        Span<byte> agreementKey = stackalloc byte[X25519.KeyLength];
        return TryRead(source, null, agreementKey, out offer);
    }

    /// <summary>
    /// Parses message 1's payload and converts its id to the 32-byte X25519 form, which is the check that the id is a peer's: one of the two costs
    /// as much as both.
    /// </summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, AgreementKeyCache? cache, Span<byte> agreementKey, out HandshakeOffer? offer)
    {
        offer = null;
        var reader = new SpanReader(source);
        if (!reader.TryReadByte(out var minor)
            || !reader.TryReadBytes(PeerId.ByteLength, out var key) || !AgreementKeyCache.TryConvert(cache, key, agreementKey, out var initiator)
            || !TryReadCommon(ref reader, out var nonce, out var known, out var features, out var epoch)
            || !reader.TryReadByte(out var count) || count is 0 or > MaxSuites
            || !reader.TryReadBytes(count, out var suites)
            || reader.Rest.Length > MaxExtensionLength)
            return false;
        var offered = ImmutableArray.CreateBuilder<RecordSuite>(count);
        foreach (var suite in suites)
            offered.Add((RecordSuite)suite);
        offer = new HandshakeOffer(initiator, minor, nonce, known, features, epoch, offered.MoveToImmutable());
        return true;
    }

    /// <summary>Parses message 2's payload; false when it is malformed or names a suite unknown here.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, out HandshakeReply? reply)
    {
        reply = null;
        var reader = new SpanReader(source);
        if (!reader.TryReadByte(out var minor)
            || !TryReadCommon(ref reader, out var nonce, out var known, out var features, out var epoch)
            || !reader.TryReadUInt32(out var generation)
            || !reader.TryReadByte(out var suite) || !Enum.IsDefined((RecordSuite)suite)
            || reader.Rest.Length > MaxExtensionLength)
            return false;
        reply = new HandshakeReply(minor, nonce, known, features, epoch, generation, (RecordSuite)suite);
        return true;
    }

    private static void WriteCommon(ref SpanWriter writer, SessionNonce nonce, SessionNonce? known, HandshakeFeatures features, ProcessEpoch epoch)
    {
        nonce.CopyTo(writer.Reserve(SessionNonce.Length));
        writer.WriteByte((byte)(known is null ? 0 : 1));
        known?.CopyTo(writer.Reserve(SessionNonce.Length));
        writer.WriteUInt32((uint)features);
        writer.WriteUInt64(epoch.Value);
    }

    private static bool TryReadCommon(
        ref SpanReader reader, out SessionNonce nonce, out SessionNonce? known, out HandshakeFeatures features, out ProcessEpoch epoch)
    {
        (nonce, known, features, epoch) = (default, null, HandshakeFeatures.None, default);
        if (!reader.TryReadBytes(SessionNonce.Length, out var nonceBytes)
            || !reader.TryReadByte(out var flag) || flag > 1
            || !reader.TryReadBytes(flag == 1 ? SessionNonce.Length : 0, out var knownBytes)
            || !reader.TryReadUInt32(out var bits)
            || !reader.TryReadUInt64(out var epochValue))
            return false;
        nonce = SessionNonce.FromBytes(nonceBytes);
        if (flag == 1)
            known = SessionNonce.FromBytes(knownBytes);
        features = (HandshakeFeatures)bits;
        epoch = new ProcessEpoch(epochValue);
        return true;
    }
}
