using Crust.Identity;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Leaves that were hashed side by side are those that were hashed alone.</summary>
public class LeafListTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly PeerId Sender = SessionPair.Parameters(true).Self.Id;

    [Fact]
    public void First_GivesEachMessagesLeaf_ShortAndLong()
    {
        var (hasher, random) = (new LeafHasher(Secret, Sender), new Random(7));
        for (var round = 0; round < 20; round++)
        {
            var list = new LeafList(new LeafHasher(Secret, Sender));
            var expected = new List<byte>();
            var count = random.Next(1, 100);
            for (var i = 0; i < count; i++)
            {
                // Now and then a number is not the next one: a list takes what it is given.
                var number = (ulong)(1000 * round + i + (i > 30 ? 5 : 0));
                var protocol = new byte[random.Next(1, WireLimits.MaxProtocolNameLength + 1)];
                var payload = new byte[random.Next(0, 10) switch { 0 => random.Next(0, 5000), 1 => random.Next(800, 1100), _ => random.Next(0, 200) }];
                random.NextBytes(protocol);
                random.NextBytes(payload);
                list.Add(protocol, number, payload);
                var leaf = new byte[MerkleTree.HashLength];
                hasher.Leaf(protocol, number, payload, leaf);
                expected.AddRange(leaf);
                if (random.Next(0, 20) == 0)
                {
                    list.First(1).ToArray().Should().Equal(expected[..32]);
                    list.RemoveFirst(1);
                    expected.RemoveRange(0, 32);
                }
            }

            list.Count.Should().Be(expected.Count / 32);
            list.First(list.Count).ToArray().Should().Equal(expected);
        }
    }

    [Fact]
    public void Clear_ForgetsWhatWaited()
    {
        var list = new LeafList(new LeafHasher(Secret, Sender));
        list.Add("p"u8, 1, "forgotten"u8);
        list.Clear();
        list.Count.Should().Be(0);
        list.Add("p"u8, 1, "x"u8);
        var leaf = new byte[MerkleTree.HashLength];
        new LeafHasher(Secret, Sender).Leaf("p"u8, 1, "x"u8, leaf);
        list.First(1).ToArray().Should().Equal(leaf);
    }

    [Fact]
    public void Wipe_EndsTheHasher()
    {
        var hasher = new LeafHasher(Secret, Sender);
        hasher.Clear();
        FluentActions.Invoking(() => hasher.Leaf("p"u8, 1, "x"u8, new byte[32])).Should().Throw<ObjectDisposedException>();
    }
}
