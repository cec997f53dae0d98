using System.Net;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.Igd;
using Crust.Nat.PortMapping.NatPmp;
using Crust.Nat.PortMapping.Pcp;
using Crust.Primitives;

namespace Crust.Tests.Unit.Nat.PortMapping;

/// <summary>A mapper and its <see cref="FakeRouter"/> on a virtual clock: datagrams and HTTP take 1 ms there and back.</summary>
internal sealed class MappedHost
{
    internal static readonly PortRequest Tcp = new(MappedProtocol.Tcp, 40001), Udp = new(MappedProtocol.Udp, 40002);

    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(1);

    private readonly PriorityQueue<Action, (long, int)> _coming = new();
    private int _order;

    internal MappedHost(FakeRouter? router = null)
    {
        Router = router ?? new FakeRouter();
        var server = new IPEndPoint(Router.Address, 5351);
        Igd = new IgdClient(Router.Address, Router.Client, new DeterministicRandom(1));
        Mapper = new PortMapper([new PcpClient(server, Router.Client, new PcpNonce(1, 2)), new NatPmpClient(server), Igd], [Tcp, Udp]);
    }

    internal FakeRouter Router { get; }

    internal PortMapper Mapper { get; }

    internal IgdClient Igd { get; }

    internal Instant Now { get; private set; } = new(1_000_000_000);

    /// <summary>Changes told so far.</summary>
    internal int Changes { get; private set; }

    internal static MappedHost Start(FakeRouter? router = null, TimeSpan? wait = null)
    {
        var host = new MappedHost(router);
        host.Mapper.Start(host.Now);
        host.Run(wait ?? TimeSpan.FromSeconds(4));
        return host;
    }

    /// <summary>Lets time pass.</summary>
    internal void Run(TimeSpan time) => Run(time, () => false);

    /// <summary>Lets time pass until the condition holds; how long that took.</summary>
    internal TimeSpan Run(TimeSpan atMost, Func<bool> condition)
    {
        var (start, end) = (Now, Now + atMost);
        while (true)
        {
            Drain();
            if (condition())
                return Now - start;
            var next = Instant.Earlier(Mapper.PollTimeout(), _coming.TryPeek(out _, out var due) ? new Instant(due.Item1) : null);
            if (next is not { } at || at > end)
            {
                Now = end;
                return Now - start;
            }

            Now = at > Now ? at : Now;
            while (_coming.TryPeek(out _, out due) && due.Item1 <= Now.Microseconds)
                _coming.Dequeue()();
            Mapper.HandleTimeout(Now);
        }
    }

    private void Drain()
    {
        Span<byte> buffer = stackalloc byte[1100];
        Mapper.HandleAnswers(Now);
        foreach (var client in Mapper.Clients)
        {
            while (client.PollTransmit(buffer, out var length, out var destination))
            {
                var datagram = buffer[..length].ToArray();
                After(() =>
                {
                    if (Router.Handle(datagram, destination, Now) is { } answered)
                        After(() => Take(answered.From, answered.Answer));
                });
            }
        }

        if (Igd.PollRequest(out var request))
            After(() => After(() => Igd.HandleResponse(request.Id, Router.Handle(request), Now)));
        if (Mapper.PollChange())
            Changes++;
    }

    /// <summary>A datagram comes.</summary>
    internal void Take(IPEndPoint from, byte[] datagram)
    {
        foreach (var client in Mapper.Clients)
        {
            if (client.HandleDatagram(from, datagram, Now))
                return;
        }
    }

    private void After(Action action) => _coming.Enqueue(action, ((Now + Way).Microseconds, _order++));
}
