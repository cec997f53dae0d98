using Crust.Nat.HolePunching;
using Crust.PeerProtocol;
using Crust.Primitives;
using CsCheck;
using FluentAssertions;
using Google.Protobuf;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class PunchTalkTests
{
    private static readonly byte[] Attempt = [.. Enumerable.Range(0, 16).Select(static i => (byte)i)];

    private static readonly PunchDescription Whole = new(
        [
            new(CandidateKind.Host, TransportAddress.FromIPv4(0xC0A80102, 40_000)), new(CandidateKind.Mapped, TransportAddress.FromIPv4(0xCB007101, 1)),
            new(CandidateKind.ServerReflexive, new TransportAddress((UInt128)0x20010DB8 << 96 | 7, 65_535)), new(CandidateKind.Predicted, TransportAddress.FromIPv4(0xCB007101, 2)),
        ],
        PortPredictability.Sequential,
        FiltersPorts: false);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ADescription_ComesBackAsItWas(bool isOffer)
    {
        var bytes = PunchTalk.WriteSide(Attempt, Whole, PunchProtocol.PunchUdp, isOffer);

        PunchTalk.TryParse(bytes, out var envelope).Should().BeTrue();
        envelope.Attempt.ToByteArray().Should().Equal(Attempt);
        PunchTalk.TryRead(isOffer ? envelope.Offer : envelope.Answer, out var description).Should().BeTrue();
        description.Should().BeEquivalentTo(Whole);
    }

    [Fact]
    public void TheLargestDescription_FitsAMessage()
    {
        var many = Whole with { Candidates = [.. Enumerable.Range(1, PunchDescription.MaxCandidates).Select(static i => new PunchCandidate(CandidateKind.Host, new TransportAddress(UInt128.MaxValue, (ushort)i)))] };

        PunchTalk.WriteSide(Attempt, many, PunchProtocol.PunchTcp, isOffer: true).Length.Should().BeLessThan(PunchTalk.MaxLength);
    }

    [Fact]
    public void WhatIsOutOfBounds_IsRefused()
    {
        Side(side => side.Ports = 4);
        Side(side => side.Candidates[0].Kind = 0);
        Side(side => side.Candidates[0].Kind = 5);
        Side(side => side.Candidates[0].Port = 0);
        Side(side => side.Candidates[0].Port = 65_536);
        Side(side => side.Candidates[0].Address = ByteString.CopyFrom(1, 2, 3));
        Side(side => side.Candidates.AddRange(Enumerable.Repeat(side.Candidates[0], 13)));
        PunchTalk.TryParse(new PunchEnvelope { Attempt = ByteString.CopyFrom(new byte[15]), End = new PunchEnd() }.ToByteArray(), out _).Should().BeFalse();
        PunchTalk.TryParse(new PunchEnvelope { Attempt = ByteString.CopyFrom(Attempt) }.ToByteArray(), out _).Should().BeFalse("it says nothing");
        PunchTalk.TryParse(new byte[PunchTalk.MaxLength + 1], out _).Should().BeFalse();

        static void Side(Action<PunchSide> spoil)
        {
            PunchTalk.TryParse(PunchTalk.WriteSide(Attempt, Whole, PunchProtocol.PunchUdp, isOffer: true), out var envelope).Should().BeTrue();
            spoil(envelope.Offer);
            PunchTalk.TryRead(envelope.Offer, out _).Should().BeFalse();
        }
    }

    [Fact]
    public void Whatever_IsReadWithoutAnException()
    {
        var whole = PunchTalk.WriteSide(Attempt, Whole, PunchProtocol.PunchUdp, isOffer: true);
        Gen.Select(Gen.Int[0, whole.Length - 1].Array[1, 8], Gen.Byte.Array[8], Gen.Int[0, whole.Length]).Sample((places, values, length) =>
        {
            var bytes = whole[..length];
            for (var i = 0; i < places.Length; i++)
            {
                if (places[i] < length)
                    bytes[places[i]] = values[i];
            }

            if (PunchTalk.TryParse(bytes, out var envelope) && envelope.Offer is { } offer && PunchTalk.TryRead(offer, out var description))
                description.Candidates.Count.Should().BeLessThanOrEqualTo(PunchDescription.MaxCandidates);
        });
    }
}
