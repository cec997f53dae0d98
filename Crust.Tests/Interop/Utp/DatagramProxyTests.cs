using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>The proxy does to datagrams what it says; what others tell of µTP is judged through it.</summary>
public sealed class DatagramProxyTests
{
    private const int Count = 500;

    [Fact]
    public async Task WithoutFaults_EachPasses_BothWays()
    {
        using var pair = new SocketPair(new ProxyOptions());

        (await pair.PassAsync(Count)).Should().Equal(Enumerable.Range(0, Count));
        (await pair.PassBackAsync(Count)).Should().Equal(Enumerable.Range(0, Count));

        pair.Proxy.Recorded.Select(d => d.IsFromDialler).Should().Equal([.. Enumerable.Repeat(true, Count), .. Enumerable.Repeat(false, Count)]);
        pair.Proxy.Lost.Should().Be(0);
        await pair.Proxy.DisposeAsync();
    }

    [Fact]
    public async Task LossAndDuplication_FollowTheSeed()
    {
        var first = await FaultyAsync(seed: 7);
        var again = await FaultyAsync(seed: 7);
        var other = await FaultyAsync(seed: 8);

        again.Should().Equal(first);
        other.Should().NotEqual(first);
        first.Distinct().Should().HaveCountLessThan(Count * 97 / 100, "a twentieth is lost");
        first.Should().HaveCountGreaterThan(first.Distinct().Count(), "a twentieth comes twice");

        async Task<IReadOnlyList<int>> FaultyAsync(ulong seed)
        {
            using var pair = new SocketPair(new ProxyOptions { Seed = seed, Loss = 0.05, Duplication = 0.05 });
            var passed = await pair.PassAsync(Count);
            await pair.Proxy.DisposeAsync();
            return passed;
        }
    }

    [Fact]
    public async Task WhatIsHeldBack_IsOvertaken_AndComes()
    {
        using var pair = new SocketPair(new ProxyOptions { Reordering = 0.2 });

        var passed = await pair.PassAsync(Count);

        passed.Should().BeEquivalentTo(Enumerable.Range(0, Count)).And.NotBeInAscendingOrder();
        await pair.Proxy.DisposeAsync();
    }

    [Fact]
    public async Task ARewrittenDatagram_IsRecordedAsItCame()
    {
        using var pair = new SocketPair(new ProxyOptions { Rewrite = (datagram, _) => datagram[0]++ });

        var passed = await pair.PassAsync(1);

        passed.Should().Equal(1);
        pair.Proxy.Recorded.Single().Payload[0].Should().Be(0);
        await pair.Proxy.DisposeAsync();
    }

    /// <summary>Two sockets with a proxy between. Numbers are sent in small groups, so that no kernel buffer overflows.</summary>
    private sealed class SocketPair : IDisposable
    {
        private readonly Socket _dialler = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        internal SocketPair(ProxyOptions options)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Proxy = new DatagramProxy(((IPEndPoint)_listener.LocalEndPoint!).Port, options);
            _dialler.Connect(new IPEndPoint(IPAddress.Loopback, Proxy.Port));
        }

        internal DatagramProxy Proxy { get; }

        private EndPoint? ProxyFar { get; set; }

        internal Task<IReadOnlyList<int>> PassAsync(int count) => PassAsync(count, bytes => _dialler.Send(bytes), _listener);

        internal Task<IReadOnlyList<int>> PassBackAsync(int count) => PassAsync(count, bytes => _listener.SendTo(bytes, ProxyFar!), _dialler);

        public void Dispose()
        {
            _dialler.Dispose();
            _listener.Dispose();
        }

        private async Task<IReadOnlyList<int>> PassAsync(int count, Action<byte[]> send, Socket receiver)
        {
            var recordedBefore = Proxy.Recorded.Count;
            var received = new List<int>();
            var buffer = new byte[100];
            void Drain()
            {
                while (receiver.Available > 0)
                {
                    EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                    receiver.ReceiveFrom(buffer, ref from);
                    ProxyFar = receiver == _listener ? from : ProxyFar;
                    received.Add(BitConverter.ToUInt16(buffer));
                }
            }

            for (var i = 0; i < count; i++)
            {
                send(BitConverter.GetBytes((ushort)i));
                if (i % 50 != 49)
                    continue;
                await Eventually.HoldsAsync(() => Proxy.Recorded.Count == recordedBefore + i + 1, "the proxy has them");
                Drain();
            }

            // A proxy that holds nothing has sent on what it recorded.
            await Eventually.HoldsAsync(() => Proxy.Recorded.Count == recordedBefore + count && Proxy.Held == 0, "it holds none back any more");
            Drain();
            return received;
        }
    }
}
