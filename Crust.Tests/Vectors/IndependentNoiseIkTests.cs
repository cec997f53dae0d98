using FluentAssertions;
using Xunit;
using static Crust.Tests.Vectors.IndependentPrimitives;

namespace Crust.Tests.Vectors;

/// <summary>
/// The oracle's reading of Noise itself, without the hybrid tokens, against cacophony's published vector for
/// Noise_IK_25519_ChaChaPoly_BLAKE2b: what the two handshakes share (name padding, MixHash, MixKey, nonces, Split) is
/// thereby not our word alone.
/// </summary>
public sealed class IndependentNoiseIkTests
{
    [Fact]
    public void StraightLineIk_ReproducesCacophonysVector()
    {
        var prologue = Bytes("4a6f686e2047616c74");
        var initiatorStatic = Bytes("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1");
        var initiatorEphemeral = Bytes("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
        var responderStatic = Bytes("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893");
        var responderEphemeral = Bytes("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
        Hex(PublicKey(responderStatic)).Should().Be("31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62");

        // <- s
        var ck0 = new byte[64];
        "Noise_IK_25519_ChaChaPoly_BLAKE2b"u8.CopyTo(ck0);
        var h1 = Hash(ck0, prologue);
        var h2 = Hash(h1, PublicKey(responderStatic));
        // -> e, es, s, ss
        var h3 = Hash(h2, PublicKey(initiatorEphemeral));
        var (ck1, k1) = Hkdf2(ck0, Dh(initiatorEphemeral, PublicKey(responderStatic)));
        var s = Encrypt(k1[..32], 0, h3, PublicKey(initiatorStatic));
        var h4 = Hash(h3, s);
        var (ck2, k2) = Hkdf2(ck1, Dh(initiatorStatic, PublicKey(responderStatic)));
        var payload1 = Encrypt(k2[..32], 0, h4, Bytes("4c756477696720766f6e204d69736573"));
        var h5 = Hash(h4, payload1);
        // <- e, ee, se
        var h6 = Hash(h5, PublicKey(responderEphemeral));
        var (ck3, _) = Hkdf2(ck2, Dh(responderEphemeral, PublicKey(initiatorEphemeral)));
        var (ck4, k4) = Hkdf2(ck3, Dh(responderEphemeral, PublicKey(initiatorStatic)));
        var payload2 = Encrypt(k4[..32], 0, h6, Bytes("4d757272617920526f746862617264"));
        var h7 = Hash(h6, payload2);
        var (toResponder, toInitiator) = Hkdf2(ck4, []);

        Hex([.. PublicKey(initiatorEphemeral), .. s, .. payload1]).Should().Be(
            "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944ba83a447b38c83e327ad936929812f62" +
            "4884847b7831e95e197b2f797088efdd2f88f1db7e1fb0e99c64419097af91cee64e470f4b6fcd9298ce0b56fe20f86e" +
            "13bf70439c538e3602a7127af71a29cc");
        Hex([.. PublicKey(responderEphemeral), .. payload2]).Should().Be(
            "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088439f069b267a06b3de3ecb1043bcb098e9" +
            "af91d9c64748d998c7b47890871571");
        Hex(h7).Should().Be(
            "1c8fa891cb414fedba6daa7c6f4ae0a6d98e5f9768cc9cecd27e805614943ee9" +
            "c8a1b27fbfb76dc197255c8aa69f6b4285c423840b8bedf45e652ca64f797d81");
        // The transport messages that follow, one and then the next each way.
        Hex(Encrypt(toResponder[..32], 0, [], Bytes("462e20412e20486179656b"))).Should().Be(
            "cd54383060e7a28434cca27fb1cc524cfbabeb18181589df219d07");
        Hex(Encrypt(toInitiator[..32], 0, [], Bytes("4361726c204d656e676572"))).Should().Be(
            "a856d3bf0246bfc476c655009cd1ed677b8dcc5b349ae8ef2a05f2");
        Hex(Encrypt(toResponder[..32], 1, [], Bytes("4a65616e2d426170746973746520536179"))).Should().Be(
            "49063084b2c51f098337cb8a13739ac848f907e67cfb2cc8a8b60586467aa02fc7");
        Hex(Encrypt(toInitiator[..32], 1, [], Bytes("457567656e2042f6686d20766f6e2042617765726b"))).Should().Be(
            "8b9709d23b47e4639df7678d7a21741eba4ef1e9c60383001c7435549c20f9d56f30e935d3");
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
