using Crust.Utp.Memory;
using Crust.Utp.Packets;
using Crust.Utp.Receiving;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

public sealed class PartialPacketsTests
{
    private readonly PartialPackets _partial = new(new BlockPool(1500));
    private readonly byte[] _whole = [.. Enumerable.Range(0, 1_400).Select(i => (byte)(i % 251 + 1))];

    [Fact]
    public void PartsOfTwoTries_SplitAtOtherPlaces_MakeThePacketOnlyWhenNothingIsMissing()
    {
        // The lengths of the parts were added up: parts that overlapped made a packet with a hole.
        Take(0, 1_000).Should().BeNull();
        Take(0, 500).Should().BeNull();
        Take(500, 1_000).Should().BeNull();
        Take(200, 700).Should().BeNull();
        Take(1_200, 1_400).Should().BeNull();
        Take(900, 1_200).Should().Equal(_whole);
    }

    [Fact]
    public void Parts_InAnyOrder_MakeThePacket()
    {
        var random = new Random(4);
        for (var round = 0; round < 200; round++)
        {
            var missing = Enumerable.Repeat(true, _whole.Length).ToArray();
            while (true)
            {
                var start = random.Next(_whole.Length);
                var end = Math.Min(_whole.Length, start + random.Next(1, 500));
                Array.Fill(missing, false, start, end - start);
                var made = Take(start, end);
                (made is not null).Should().Be(!missing.Contains(true));
                if (made is null)
                    continue;
                made.Should().Equal(_whole);
                break;
            }
        }
    }

    private byte[]? Take(int start, int end) =>
        _partial.TryComplete(7, new PacketPart(start, _whole.Length), _whole.AsSpan(start, end - start), out var payload) ? payload.ToArray() : null;
}
