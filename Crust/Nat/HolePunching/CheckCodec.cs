using System.Text;
using Crust.Cryptography;
using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// Connectivity checks: STUN Binding requests and responses (RFC 8489, RFC 8445 §7) with USERNAME = the attempt's id in hexadecimal (requests), PRIORITY, USE-CANDIDATE in
/// a nomination, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT. Each direction has a key of its own, so that nothing that we sent passes as the remote's. The keys are
/// HKDF-Expand of the session's exporter secret over <c>"crust punch check v1" ‖ attempt id ‖ 0 or 1</c> (from the lower id, from the higher). Pure.
/// </summary>
internal sealed class CheckCodec : IDisposable
{
    private const int KeyLength = 32;

    private readonly byte[] _username;
    private readonly byte[] _sendKey = new byte[KeyLength];
    private readonly byte[] _receiveKey = new byte[KeyLength];

    internal CheckCodec(byte[] secret, byte[] attemptId, bool isLower)
    {
        _username = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(attemptId));
        byte[] info = [.. "crust punch check v1"u8, .. attemptId, 0];
        HmacBlake2b.Expand(secret, info, isLower ? _sendKey : _receiveKey);
        info[^1] = 1;
        HmacBlake2b.Expand(secret, info, isLower ? _receiveKey : _sendKey);
    }

    /// <summary>Writes a check; the result is its length.</summary>
    internal int WriteRequest(Span<byte> buffer, StunTransactionId transaction, uint priority, bool nominates)
    {
        var writer = new StunWriter(buffer, StunClass.Request, transaction);
        writer.Add(StunAttribute.Username, _username);
        writer.Add(StunAttribute.Priority, priority);
        if (nominates)
            writer.Add(StunAttribute.UseCandidate);
        return Finish(writer);
    }

    /// <summary>Writes the answer to a check; the result is its length.</summary>
    internal int WriteResponse(Span<byte> buffer, StunTransactionId transaction, TransportAddress seen)
    {
        var writer = new StunWriter(buffer, StunClass.SuccessResponse, transaction);
        writer.Add(StunAttribute.XorMappedAddress, seen);
        return Finish(writer);
    }

    /// <summary>Whether a request is a check of this attempt, made by the remote.</summary>
    internal bool IsCheck(in StunMessage message) =>
        message.Class == StunClass.Request && message.TryGetUsername(out var username) && username.SequenceEqual(_username)
        && message.HasFingerprint && message.HasIntegritySha256(_receiveKey);

    /// <summary>Whether a response was made by the remote.</summary>
    internal bool IsAnswer(in StunMessage message) =>
        message.Class == StunClass.SuccessResponse && message.HasFingerprint && message.HasIntegritySha256(_receiveKey);

    /// <inheritdoc/>
    public void Dispose()
    {
        Secrets.Zero(_sendKey);
        Secrets.Zero(_receiveKey);
    }

    private int Finish(StunWriter writer)
    {
        writer.AddIntegritySha256(_sendKey);
        writer.AddFingerprint();
        return writer.Length;
    }
}
