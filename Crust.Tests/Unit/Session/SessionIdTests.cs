using System.Text;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Handshakes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public sealed class SessionIdTests
{
    private static readonly SessionNonce NonceA = new(new Bits128(0, 0x1111)), NonceB = new(new Bits128(0, 0x2222));

    [Fact]
    public void IdAndSalts_AreTheDocumentedHashes_WhicheverSideAsks()
    {
        using var a = PeerIdentity.Create();
        using var b = PeerIdentity.Create();
        var (lower, lowerNonce, higher, higherNonce) = a.Id < b.Id ? (a.Id, NonceA, b.Id, NonceB) : (b.Id, NonceB, a.Id, NonceA);
        byte[] Expected(string label) => Blake3.Hash(
            [.. Encoding.ASCII.GetBytes(label), .. lower.ToByteArray(), .. lowerNonce.ToByteArray(), .. higher.ToByteArray(), .. higherNonce.ToByteArray()]);

        foreach (var swapped in new[] { false, true })
        {
            var (first, firstNonce, second, secondNonce) = swapped ? (b.Id, NonceB, a.Id, NonceA) : (a.Id, NonceA, b.Id, NonceB);
            var salts = new byte[32];
            SessionId.ComputeSaltSecret(first, firstNonce, second, secondNonce, salts);

            SessionId.Compute(first, firstNonce, second, secondNonce).ToByteArray().Should().Equal(Expected("crust session v1"));
            salts.Should().Equal(Expected("crust batch salts v1"));
        }
    }
}
