using Crust.GatewayProtocol;
using Crust.Nat.HolePunching;
using FluentAssertions;
using Google.Protobuf;
using Xunit;

namespace Crust.Tests.Unit.GatewayProtocol;

public sealed class ReportCodecTests
{
    private static readonly AttemptReport Report = new()
    {
        IsTcp = false,
        IsInitiator = true,
        IsFresh = true,
        LocalPorts = PortPredictability.Sequential,
        LocalFiltersPorts = false,
        RemotePorts = PortPredictability.Random,
        RemoteFiltersPorts = true,
        LocalKinds = (1 << (int)CandidateKind.Host) | (1 << (int)CandidateKind.Predicted),
        RemoteKinds = 1 << (int)CandidateKind.ServerReflexive,
        Strategy = PunchStrategy.ProbeMany,
        Failure = PunchFailure.None,
        Gathered = TimeSpan.FromMilliseconds(12),
        Met = TimeSpan.FromMilliseconds(40),
        Heard = TimeSpan.FromMilliseconds(900),
        Nominated = TimeSpan.FromMilliseconds(950),
        Linked = TimeSpan.FromMilliseconds(1100),
        Sprayed = 175,
    };

    [Fact]
    public void WhatIsWritten_IsRead() => Read(ReportCodec.Write(Report)).Should().Be(Report);

    [Fact]
    public void AnAttemptThatFailedAtOnce_HasNoTimes()
    {
        var failed = new AttemptReport { IsTcp = true, Failure = PunchFailure.NoAnswer };

        Read(ReportCodec.Write(failed)).Should().Be(failed);
    }

    [Fact]
    public void ItIsShort_AndHasNoRoomForAddresses()
    {
        ReportCodec.Write(Report).CalculateSize().Should().BeLessThan(64);
        PunchReport.Descriptor.Fields.InDeclarationOrder().Should().OnlyContain(f => f.FieldType == Google.Protobuf.Reflection.FieldType.Bool || f.FieldType == Google.Protobuf.Reflection.FieldType.UInt32);
    }

    [Fact]
    public void WhatIsOutOfBounds_IsNotBelieved()
    {
        foreach (var spoil in new Action<PunchReport>[]
        {
            static r => r.LocalPorts = 4, static r => r.RemotePorts = 4, static r => r.Strategy = 5, static r => r.Failure = 12, static r => r.LocalKinds = 1 << 6, static r => r.RemoteKinds = 1,
            static r => r.Sprayed = 1_000_000, static r => r.Heard = 300_001, static r => r.ClearLinked(), static r => r.Failure = (uint)PunchFailure.TimedOut,
        })
        {
            var told = ReportCodec.Write(Report);
            spoil(told);
            ReportCodec.TryRead(told, out _).Should().BeFalse($"{told}");
        }
    }

    private static AttemptReport Read(PunchReport told)
    {
        ReportCodec.TryRead(PunchReport.Parser.ParseFrom(told.ToByteArray()), out var report).Should().BeTrue();
        return report;
    }
}
