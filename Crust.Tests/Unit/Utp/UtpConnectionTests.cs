using Crust.Utp;
using Crust.Utp.Packets;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Utp;

public sealed class UtpConnectionTests
{
    private readonly UtpPair _pair = new();

    [Fact]
    public void Connect_OpensBothEnds()
    {
        var (left, right) = _pair.Open();

        _pair.Events(left).Should().Equal(UtpEventKind.Connected);
        _pair.Events(right).Should().Equal(UtpEventKind.Accepted, UtpEventKind.Readable);
        left.IsCrust.Should().BeTrue();
        right.IsCrust.Should().BeTrue();
    }

    [Fact]
    public void Bytes_ComeInOrder_BothWays()
    {
        var (left, right) = _pair.Open();
        var there = new Transfer(left, right, 3_000_000).Start(_pair);
        var back = new Transfer(right, left, 2_000_000).Start(_pair);

        _pair.RunUntil(() => there.IsDone && back.IsDone, 30);
    }

    [Fact]
    public void Bytes_ComeInOrder_WhenThePathLosesRepeatsAndReorders()
    {
        var random = new Random(5);
        var (left, right) = _pair.Open();
        _pair.Fate = _ => random.Next(100) switch
        {
            < 3 => [],
            < 5 => [0, random.Next(20_000)],
            < 10 => [random.Next(5_000)],
            _ => [0],
        };
        var there = new Transfer(left, right, 1_000_000, finishes: true).Start(_pair);
        var back = new Transfer(right, left, 1_000_000, finishes: true).Start(_pair);

        _pair.RunUntil(() => there.IsDone && back.IsDone, 200);
        _pair.RunUntil(() => left.EndReason != UtpEndReason.None && right.EndReason != UtpEndReason.None, 200);

        left.EndReason.Should().Be(UtpEndReason.Finished);
        right.EndReason.Should().Be(UtpEndReason.Finished);
    }

    [Fact]
    public void FinishWriting_ClosesOneDirection_AndTheOtherStaysOpen()
    {
        var (left, right) = _pair.Open();

        left.FinishWriting();
        _pair.Run(1);

        right.IsReadFinished.Should().BeTrue();
        right.EndReason.Should().Be(UtpEndReason.None);
        var back = new Transfer(right, left, 100_000, finishes: true).Start(_pair);
        _pair.RunUntil(() => back.IsDone, 10);
        _pair.Run(1);
        left.EndReason.Should().Be(UtpEndReason.Finished);
        right.EndReason.Should().Be(UtpEndReason.Finished);
        _pair.Run(10);
        _pair.Left.Endpoint.ConnectionCount.Should().Be(0);
        _pair.Right.Endpoint.ConnectionCount.Should().Be(0);
    }

    [Fact]
    public void Abort_ResetsTheOtherEnd()
    {
        var (left, right) = _pair.Open();

        left.Abort();
        _pair.Run(1);

        left.EndReason.Should().Be(UtpEndReason.Aborted);
        right.EndReason.Should().Be(UtpEndReason.ResetByRemote);
        _pair.Left.Endpoint.ConnectionCount.Should().Be(0);
        _pair.Right.Endpoint.ConnectionCount.Should().Be(0);
    }

    /// <summary>Each packet that was under way used to be answered by one more, and libutp that gets a second one never tells its application the end.</summary>
    [Fact]
    public void Abort_IsOneReset_WhateverIsUnderWay()
    {
        var (left, right) = _pair.Open();
        _pair.Sent = [];

        right.Write(new byte[5_000]);
        _pair.Pump();
        left.Abort();
        _pair.Run(1);

        _pair.Sent.Count(d => d.IsFromLeft && d.Type == PacketType.Reset).Should().Be(1);
        right.EndReason.Should().Be(UtpEndReason.ResetByRemote);
    }

    [Fact]
    public void Connect_TimesOut_WhenNobodyAnswers()
    {
        _pair.Fate = _ => [];
        var left = _pair.Left.Connect();
        _pair.Run(20);

        left.EndReason.Should().Be(UtpEndReason.ConnectTimedOut);
        _pair.Events(left).Should().Equal(UtpEventKind.Ended);
        _pair.Datagrams.Should().Be(4);
    }
}
