using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Crust.Buffers;
using Crust.Primitives;
using Crust.Udp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Udp;

/// <summary>Every kind of socket, over loopback.</summary>
public sealed class DatagramSocketTests
{
    public static TheoryData<string, string, string> Routes()
    {
        var routes = new TheoryData<string, string, string>();
        foreach (var kind in Enum.GetNames<DatagramSocketKind>())
        {
            routes.Add(kind, "127.0.0.1", "127.0.0.1");
            routes.Add(kind, "::1", "::1");
            routes.Add(kind, "127.0.0.1", "::");
            routes.Add(kind, "::1", "::");
            routes.Add(kind, "::", "127.0.0.1");
        }

        return routes;
    }

    public static TheoryData<string> Kinds() => new(Enum.GetNames<DatagramSocketKind>());

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task ATrain_ArrivesAsItsDatagrams(string kind, string from, string to)
    {
        RequireFamilies(from, to);
        using var sender = Bind(from, kind, out _);
        using var receiver = Bind(to, kind, out var inbox);
        var destination = Reach(receiver, from);
        foreach (var (segmentLength, length) in new[] { (1, 1), (1, 3), (100, 1_000), (1_000, 30_500), (1_472, 64_768), (1_472, 1_473), (400, 40_399) })
        {
            var sent = RandomNumberGenerator.GetBytes(length);
            sender.Send(sent, segmentLength, destination, out var taken).Should().Be(DatagramSendStatus.Sent);
            taken.Should().Be(length);

            var count = (length + segmentLength - 1) / segmentLength;
            await Eventually.HoldsAsync(() => inbox.Datagrams.Count >= count, $"{count} datagrams were sent");
            var received = inbox.Datagrams.ToArray();
            inbox.Datagrams.Clear();
            received.Select(datagram => datagram.Datagram).Should().BeEquivalentTo(sent.Chunk(segmentLength), options => options.WithStrictOrdering());
            received.Select(datagram => datagram.Remote.Port).Should().AllBeEquivalentTo((ushort)sender.LocalEndPoint.Port);
            received.Select(datagram => datagram.Remote.IsIPv4).Should().AllBeEquivalentTo(destination.IsIPv4);
        }

        inbox.Failures.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task AGatheredTrain_ArrivesAsItsDatagrams_WhereTheKernelTakesTrains(string kind, string from, string to)
    {
        RequireFamilies(from, to);
        using var sender = Bind(from, kind, out _);
        using var receiver = Bind(to, kind, out var inbox);
        var destination = Reach(receiver, from);
        var block = GC.AllocateUninitializedArray<byte>(200_000, pinned: true);
        RandomNumberGenerator.Fill(block);
        var list = new GatherList();
        foreach (var lengths in new[] { new[] { 5_000 }, [8_120, 8_120, 8_120, 40], [8_120, 8_120, 8_120, 8_120, 8_120, 8_120, 8_120, 8_120] })
        {
            list.Clear();
            var expected = new List<byte[]>();
            foreach (var (i, length) in lengths.Index())
            {
                RandomNumberGenerator.Fill(list.Reserve(20));
                // A header, and a payload in two pieces.
                list.Add(block, i * 10_000, 13);
                list.Add(block, i * 10_000 + 13, length - 33);
            }

            var all = new byte[list.Length];
            list.CopyTo(all);
            expected.AddRange(all.Chunk(lengths[0]));
            if (!sender.TrySend(list, lengths[0], destination))
            {
                sender.SendsTrains.Should().BeFalse();
                sender.Send(all, lengths[0], destination, out _).Should().Be(DatagramSendStatus.Sent, "then it goes as a copy");
            }

            await Eventually.HoldsAsync(() => inbox.Datagrams.Count >= expected.Count, $"{expected.Count} datagrams were sent");
            inbox.Datagrams.Select(datagram => datagram.Datagram).Should().BeEquivalentTo(expected, options => options.WithStrictOrdering());
            inbox.Datagrams.Clear();
        }

        list.Clear();
        for (var i = 0; i < 9; i++)
            list.Add(block, 0, 8_120);
        sender.TrySend(list, 8_120, destination).Should().BeFalse("it is longer than a train");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Send_SaysTooLong(string kind)
    {
        using var socket = Bind("127.0.0.1", kind, out _);
        socket.Send(new byte[65_520], 65_520, TransportAddress.From(socket.LocalEndPoint), out var sent).Should().Be(DatagramSendStatus.TooLong);
        sent.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Send_SaysUnreachable_ToAnAddressOfTheOtherFamily(string kind)
    {
        using var socket = Bind("127.0.0.1", kind, out _);
        socket.Send(new byte[10], 10, TransportAddress.From(new IPEndPoint(IPAddress.IPv6Loopback, 9)), out _).Should().Be(DatagramSendStatus.Unreachable);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Send_SaysClosed_AfterDisposal(string kind)
    {
        var socket = Bind("127.0.0.1", kind, out _);
        socket.Dispose();
        socket.Dispose();
        socket.WakeAfter(TimeSpan.Zero);
        socket.Send(new byte[10], 10, TransportAddress.From(socket.LocalEndPoint), out _).Should().Be(DatagramSendStatus.Closed);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task AClosedPort_IsReported_AndTheSocketGoesOn(string address)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells which remote an ICMP error is about.");
        RequireFamilies(address, address);
        using var socket = Bind(address, nameof(DatagramSocketKind.Segmented), out var inbox);
        var closed = Bind(address, nameof(DatagramSocketKind.Segmented), out _);
        var nobody = TransportAddress.From(closed.LocalEndPoint);
        closed.Dispose();

        socket.Send(new byte[10], 10, nobody, out _).Should().Be(DatagramSendStatus.Sent);
        await Eventually.HoldsAsync(() => !inbox.Unreachable.IsEmpty, "the kernel answers for a closed port");
        inbox.Unreachable.Should().AllBeEquivalentTo(nobody);

        // The error of another remote is no answer to this one.
        socket.Send(new byte[10], 10, nobody, out _).Should().Be(DatagramSendStatus.Sent);
        socket.Send([1, 2, 3], 3, TransportAddress.From(socket.LocalEndPoint), out _).Should().Be(DatagramSendStatus.Sent);
        await Eventually.HoldsAsync(() => inbox.Datagrams.Count == 1, "one remote is there");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Wake_ComesOnce_AfterItsTime_AndLaterCallsReplaceEarlierOnes(string kind)
    {
        using var socket = Bind("127.0.0.1", kind, out var inbox);
        socket.WakeAfter(TimeSpan.FromDays(1));
        var start = Stopwatch.GetTimestamp();
        var woken = 0L;
        inbox.Also = () => Interlocked.CompareExchange(ref woken, Stopwatch.GetTimestamp(), 0);
        socket.WakeAfter(TimeSpan.FromMilliseconds(30));
        await Eventually.HoldsAsync(() => inbox.Wakes > 0, "the second call counts");
        Stopwatch.GetElapsedTime(start, Volatile.Read(ref woken)).Should().BeGreaterThan(TimeSpan.FromMilliseconds(29));

        socket.WakeAfter(TimeSpan.Zero);
        await Eventually.HoldsAsync(() => inbox.Wakes == 2, "at once is after no time");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AHandlerThatThrows_IsToldSo_AndOthersLive(string kind)
    {
        using var broken = Bind("127.0.0.1", kind, out var inbox);
        inbox.Also = static () => throw new InvalidOperationException("test");
        broken.Send([1], 1, TransportAddress.From(broken.LocalEndPoint), out _);
        await Eventually.HoldsAsync(() => inbox.Failures.Count == 1, "whoever throws hears of it");

        // As many as there are pollers, and one more: one of them shares the thread.
        for (var i = 0; i < 5; i++)
        {
            using var other = Bind("127.0.0.1", kind, out var others);
            other.Send([1], 1, TransportAddress.From(other.LocalEndPoint), out _);
            await Eventually.HoldsAsync(() => others.Datagrams.Count == 1, "another socket's failure is not ours");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Sockets_MayBeClosed_WhileTheySendReceiveAndWait(string kind)
    {
        using var end = new CancellationTokenSource();
        using var lasting = Bind("127.0.0.1", kind, out var inbox);
        var target = TransportAddress.From(lasting.LocalEndPoint);
        var current = lasting;
        var datagrams = new byte[4_000];
        var sending = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                var socket = Volatile.Read(ref current);
                socket.Send(datagrams, 1_000, TransportAddress.From(socket.LocalEndPoint), out _);
                socket.WakeAfter(TimeSpan.FromMicroseconds(50));
            }
        });
        for (var i = 0; i < 300; i++)
        {
            var socket = Bind("127.0.0.1", kind, out var others);
            Volatile.Write(ref current, socket);
            socket.Send(datagrams, 1_000, target, out _);
            socket.WakeAfter(TimeSpan.Zero);
            Volatile.Write(ref current, lasting);
            socket.Dispose();
            others.Failures.Should().BeEmpty();
        }

        await end.CancelAsync();
        await sending.WaitAsync(Eventually.Soon);
        await Eventually.HoldsAsync(() => !inbox.Datagrams.IsEmpty, "the one that stays still receives");
        inbox.Failures.Should().BeEmpty();
    }

    [Fact]
    public async Task Sockets_ShareAPort_WhereTheySaySo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_REUSEPORT spreads remotes on Linux.");
        var options = new DatagramSocketOptions { SharesPort = true };
        using var first = DatagramSockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), options);
        using var second = DatagramSockets.Bind(first.LocalEndPoint, options);
        var inbox = new Inbox();
        first.Start(inbox);
        second.Start(inbox);
        using var sender = Bind("127.0.0.1", nameof(DatagramSocketKind.Segmented), out _);
        sender.Send([1], 1, TransportAddress.From(first.LocalEndPoint), out _);
        await Eventually.HoldsAsync(() => inbox.Datagrams.Count == 1, "one of them has it");

        FluentActions.Invoking(() => DatagramSockets.Bind(first.LocalEndPoint, new DatagramSocketOptions())).Should().Throw<SocketException>();
    }

    private static IDatagramSocket Bind(string address, string kind, out Inbox inbox)
    {
        var socket = DatagramSockets.Bind(new IPEndPoint(IPAddress.Parse(address), 0), new DatagramSocketOptions { Kind = Enum.Parse<DatagramSocketKind>(kind) });
        inbox = new Inbox();
        socket.Start(inbox);
        return socket;
    }

    private static void RequireFamilies(string from, string to) => Assert.SkipUnless(
        Socket.OSSupportsIPv6 || !(from + to).Contains(':', StringComparison.Ordinal), "This host has no IPv6.");

    /// <summary>Where a socket is reached from one that is bound there.</summary>
    private static TransportAddress Reach(IDatagramSocket receiver, string from)
    {
        var local = receiver.LocalEndPoint;
        if (!local.Address.Equals(IPAddress.IPv6Any))
            return TransportAddress.From(local);
        var loopback = from.Contains(':', StringComparison.Ordinal) ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        return TransportAddress.From(new IPEndPoint(loopback, local.Port));
    }
}
