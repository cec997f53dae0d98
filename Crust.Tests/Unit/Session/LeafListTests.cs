using System.Text;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Session;
using Crust.Tests.Unit.Identity.Evidence;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Leaves and salts that were hashed side by side are those of the specification.</summary>
public class LeafListTests
{
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly PeerId Sender = SessionPair.Parameters(true).Self.Id;

    [Fact]
    public void First_GivesEachLeaf_OfEveryKindAndLength()
    {
        var random = new Random(7);
        for (var round = 0; round < 20; round++)
        {
            var list = new LeafList(new LeafHasher(Secret, Sender), keepSalts: true);
            var (leaves, salts) = (new List<byte>(), new List<byte>());
            var count = random.Next(1, 100);
            for (var i = 0; i < count; i++)
            {
                // Now and then a number is not the next one: a list takes what it is given.
                var number = (ulong)(1000 * round + i + (i > 30 ? 5 : 0));
                var (kind, stream, offset) = ((SignedContent)random.Next(1, 7), (ulong)random.NextInt64(), (ulong)random.NextInt64());
                var protocol = new string((char)random.Next('a', 'z'), random.Next(1, WireLimits.MaxProtocolNameLength + 1));
                var payload = new byte[random.Next(0, 10) switch { 0 => random.Next(0, 5000), 1 => random.Next(766, 771), _ => random.Next(0, 200) }];
                random.NextBytes(payload);
                var leaf = new Leaf(kind, Encoding.ASCII.GetBytes(protocol), stream, number, offset);
                if (Leaf.NeedsDigest(payload.Length) && random.Next(2) == 0)
                    list.Add(leaf, payload.Length, Blake3.Hash(payload));
                else
                    list.Add(leaf, payload);
                salts.AddRange(StraightLine.Salt(Secret, Sender, number));
                leaves.AddRange(StraightLine.Leaf([.. salts[^16..]], kind, protocol, stream, number, offset, payload));
                if (random.Next(0, 20) == 0)
                {
                    list.First(1).ToArray().Should().Equal(leaves[..32]);
                    list.RemoveFirst(1);
                    leaves.RemoveRange(0, 32);
                    salts.RemoveRange(0, 16);
                }
            }

            list.Count.Should().Be(leaves.Count / 32);
            list.FirstSalts(list.Count).ToArray().Should().Equal(salts);
            list.First(list.Count).ToArray().Should().Equal(leaves);
        }
    }

    [Fact]
    public void Add_OfADigest_TakesNothingElse()
    {
        var list = new LeafList(new LeafHasher(Secret, Sender));
        FluentActions.Invoking(() => list.Add(Leaf.Message("p"u8, 1), 768, new byte[32])).Should().Throw<ArgumentException>("so short a payload stands for itself");
        FluentActions.Invoking(() => list.Add(Leaf.Message("p"u8, 1), 769, new byte[31])).Should().Throw<ArgumentException>();
        list.Count.Should().Be(0);
        list.Add(Leaf.Message("p"u8, 1), 769, new byte[32]);
        list.Count.Should().Be(1);
    }

    [Fact]
    public void Clear_ForgetsWhatWaited_AndTrimWhatItStoodIn()
    {
        var list = new LeafList(new LeafHasher(Secret, Sender), keepSalts: true);
        list.Add(Leaf.Message("p"u8, 1), "forgotten"u8);
        list.Trim();
        list.Count.Should().Be(1, "leaves that wait are not trimmed");
        list.Clear();
        list.Trim();
        list.Count.Should().Be(0);
        list.Add(Leaf.Message("p"u8, 1), "x"u8);
        list.First(1).ToArray().Should().Equal(StraightLine.Leaf(StraightLine.Salt(Secret, Sender, 1), SignedContent.Message, "p", 0, 1, 0, "x"u8.ToArray()));
    }

    [Fact]
    public void Add_AllocatesNothing_OnceWarm()
    {
        Optimized.Require();
        var list = new LeafList(new LeafHasher(Secret, Sender), keepSalts: true);
        var (small, large) = (new byte[100], new byte[5000]);
        void Fill()
        {
            for (ulong number = 1; number <= 100; number++)
                list.Add(Leaf.Message("p"u8, number), number % 10 == 0 ? large : small);
            _ = list.First(100);
            list.Clear();
        }

        Fill();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
            Fill();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Fact]
    public void Clear_EndsTheHasher()
    {
        var hasher = new LeafHasher(Secret, Sender);
        var list = new LeafList(hasher);
        list.Add(Leaf.Message("p"u8, 1), "x"u8);
        hasher.Clear();
        FluentActions.Invoking(() => list.First(1).ToArray()).Should().Throw<ObjectDisposedException>();
    }
}
