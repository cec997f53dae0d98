using System.Text;
using static Crust.Tests.Vectors.IndependentPrimitives;

namespace Crust.Tests.Vectors;

/// <summary>
/// A second opinion on one handshake: Noise_IKhfs_25519+MLKEM768_ChaChaPoly_BLAKE2b written out line by line from the Noise
/// specification (revision 34) and the hybrid forward secrecy draft (revision 1), with no pattern interpreter, no symmetric state
/// object and nothing of Crust's.
/// <code>
///   &lt;- s
///   ...
///   -> e, es, e1, s, ss
///   &lt;- e, ee, ekem1, se
/// </code>
/// Message 1 is e(32) ‖ e1(1,184 + 16) ‖ s(32 + 16) ‖ payload + 16, message 2 is e(32) ‖ ekem1(1,088 + 16) ‖ payload + 16.
/// A number ends each name of h, ck and the temporary keys tk that grows with every step, so that nothing is ever overwritten; the
/// initiator's begin with i, the responder's with r. The responder's re, re1 and rs are what it read, the specification's remote keys.
/// </summary>
internal static class IndependentIkHfs
{
    /// <summary>45 bytes of ASCII, less than HASHLEN, so h begins as the name and 19 zero bytes (section 5.2).</summary>
    internal const string ProtocolName = "Noise_IKhfs_25519+MLKEM768_ChaChaPoly_BLAKE2b";

    /// <summary>What the handshake leaves: both messages, h and ck (64 bytes each) and the keys of Split (32 bytes each).</summary>
    internal sealed record Result(
        byte[] Message1,
        byte[] Message2,
        byte[] HandshakeHash,
        byte[] ChainingKey,
        byte[] InitiatorToResponderKey,
        byte[] ResponderToInitiatorKey);

    /// <summary>
    /// Runs both sides on fixed secrets. Each side reads only the other's bytes. Throws when a tag is wrong, a payload does not arrive as
    /// it was sent, or the sides end apart.
    /// </summary>
    /// <param name="prologue">Any length.</param>
    /// <param name="initiatorStaticSecret">X25519, 32 bytes.</param>
    /// <param name="responderStaticSecret">X25519, 32 bytes.</param>
    /// <param name="initiatorEphemeralSecret">X25519, 32 bytes.</param>
    /// <param name="responderEphemeralSecret">X25519, 32 bytes.</param>
    /// <param name="kemSeed64">d ‖ z of the initiator's ML-KEM key pair (FIPS 203, ML-KEM.KeyGen_internal).</param>
    /// <param name="encapsulationCoins32">m of the responder (FIPS 203, ML-KEM.Encaps_internal).</param>
    /// <param name="payload1">The initiator's payload.</param>
    /// <param name="payload2">The responder's payload.</param>
    internal static Result Run(
        byte[] prologue,
        byte[] initiatorStaticSecret,
        byte[] responderStaticSecret,
        byte[] initiatorEphemeralSecret,
        byte[] responderEphemeralSecret,
        byte[] kemSeed64,
        byte[] encapsulationCoins32,
        byte[] payload1,
        byte[] payload2)
    {
        // Both sides: h = ck = the padded name, then MixHash(prologue) and the pre-message <- s.
        var responderStatic = PublicKey(responderStaticSecret);
        var ck0 = new byte[64];
        Encoding.ASCII.GetBytes(ProtocolName).CopyTo(ck0, 0);
        var h1 = Hash(ck0, prologue);
        var h2 = Hash(h1, responderStatic);

        // -> e: in the clear, MixHash.
        var ie = PublicKey(initiatorEphemeralSecret);
        var ih3 = Hash(h2, ie);
        // es
        var (ick1, itk1) = Hkdf2(ck0, Dh(initiatorEphemeralSecret, responderStatic));
        // e1: the encapsulation key is sent like a static key, under the key of es with n = 0.
        var kemKeyPair = KemKeyPair(kemSeed64);
        var ie1Sealed = Encrypt(itk1[..32], 0, ih3, kemKeyPair.GetPublicKeyEncoded());
        var ih4 = Hash(ih3, ie1Sealed);
        // s: the same key, n = 1.
        var isSealed = Encrypt(itk1[..32], 1, ih4, PublicKey(initiatorStaticSecret));
        var ih5 = Hash(ih4, isSealed);
        // ss: a new key, so n = 0 again.
        var (ick2, itk2) = Hkdf2(ick1, Dh(initiatorStaticSecret, responderStatic));
        // payload
        var ip1Sealed = Encrypt(itk2[..32], 0, ih5, payload1);
        var ih6 = Hash(ih5, ip1Sealed);
        byte[] message1 = [.. ie, .. ie1Sealed, .. isSealed, .. ip1Sealed];

        // The responder reads message 1: 0 e 32 e1 1,232 s 1,280 payload.
        var re = message1[..32];
        var rh3 = Hash(h2, re);
        var (rck1, rtk1) = Hkdf2(ck0, Dh(responderStaticSecret, re));
        var re1 = Decrypt(rtk1[..32], 0, rh3, message1[32..1232]);
        var rh4 = Hash(rh3, message1[32..1232]);
        var rs = Decrypt(rtk1[..32], 1, rh4, message1[1232..1280]);
        var rh5 = Hash(rh4, message1[1232..1280]);
        var (rck2, rtk2) = Hkdf2(rck1, Dh(responderStaticSecret, rs));
        var received1 = Decrypt(rtk2[..32], 0, rh5, message1[1280..]);
        var rh6 = Hash(rh5, message1[1280..]);
        RequireSame(received1, payload1, "payload 1");

        // <- e: in the clear, MixHash.
        var responderEphemeral = PublicKey(responderEphemeralSecret);
        var rh7 = Hash(rh6, responderEphemeral);
        // ee
        var (rck3, rtk3) = Hkdf2(rck2, Dh(responderEphemeralSecret, re));
        // ekem1: the ciphertext is sent like a static key, under the key of ee; only then MixKey(output).
        var (kemCiphertext, rKemOutput) = KemEncapsulate(re1, encapsulationCoins32);
        var rCiphertextSealed = Encrypt(rtk3[..32], 0, rh7, kemCiphertext);
        var rh8 = Hash(rh7, rCiphertextSealed);
        var (rck4, _) = Hkdf2(rck3, rKemOutput);
        // se
        var (rck5, rtk5) = Hkdf2(rck4, Dh(responderEphemeralSecret, rs));
        // payload
        var rp2Sealed = Encrypt(rtk5[..32], 0, rh8, payload2);
        var rh9 = Hash(rh8, rp2Sealed);
        byte[] message2 = [.. responderEphemeral, .. rCiphertextSealed, .. rp2Sealed];

        // The initiator reads message 2: 0 e 32 ekem1 1,136 payload.
        var ire = message2[..32];
        var ih7 = Hash(ih6, ire);
        var (ick3, itk3) = Hkdf2(ick2, Dh(initiatorEphemeralSecret, ire));
        var iCiphertext = Decrypt(itk3[..32], 0, ih7, message2[32..1136]);
        var ih8 = Hash(ih7, message2[32..1136]);
        var (ick4, _) = Hkdf2(ick3, KemDecapsulate(kemKeyPair, iCiphertext));
        var (ick5, itk5) = Hkdf2(ick4, Dh(initiatorStaticSecret, ire));
        var received2 = Decrypt(itk5[..32], 0, ih8, message2[1136..]);
        var ih9 = Hash(ih8, message2[1136..]);
        RequireSame(received2, payload2, "payload 2");

        // Both sides agree; Split is HKDF(ck, empty, 2), cut to 32 bytes: first initiator to responder, then back.
        RequireSame(ih9, rh9, "handshake hash");
        RequireSame(ick5, rck5, "chaining key");
        var (toResponder, toInitiator) = Hkdf2(ick5, []);
        return new Result(message1, message2, ih9, ick5, toResponder[..32], toInitiator[..32]);
    }

    private static void RequireSame(byte[] actual, byte[] expected, string what)
    {
        if (!actual.AsSpan().SequenceEqual(expected))
            throw new InvalidOperationException($"the two sides disagree: {what}");
    }
}
