using System.Net;
using System.Net.Sockets;
using Crust.Access;
using Crust.Dialing.Driver;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Tcp;
using FluentAssertions;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Unit;

public sealed class IntroductionHandlerTests
{
    [Fact]
    public async Task Handle_ForgetsTheCaller_WhoseAddressesLeadNowhere()
    {
        // Each caller that never arrived stayed in memory for ever, and one whose addresses accepted and said nothing held its place for
        // ten seconds an address.
        using var self = PeerIdentity.Create();
        using var caller = PeerIdentity.Create();
        using var stopped = new CancellationTokenSource();
        using var core = new SemaphoreSlim(1);
        var tarpits = Enumerable.Range(0, 8).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        tarpits.ForEach(t => t.Start());
        var time = new FakeTimeProvider();
        time.SetUtcNow(DateTimeOffset.UtcNow);
        var clock = new MonotonicClock(time);
        var owner = new NoOwner();
        var arrivals = new SessionArrivals();
        var table = new SessionTable(self, default, new SessionTerms(10, SessionLimits.Default, static _ => false), owner, clock, NullLogger.Instance);
        var gate = new AdmissionGate(new AdmissionLimits(), 10, () => AccessRules.Everyone, new HashSet<PeerId>(), clock, NullLogger.Instance);
        var adopter = new LinkAdopter(new LinkHandshaker(self, default, clock, core), new HandshakeTerms(self.Id, true, false, false), table, owner, gate, clock);
        var dialer = new Dialer([new TcpTransport()], adopter, gate, clock, NullLogger.Instance);
        await using var handler = new IntroductionHandler(self.Id, default, table, dialer, arrivals, () => true, clock, NullLogger.Instance, stopped.Token);
        var addresses = tarpits.Select(t => new PeerAddress(TransportKind.Tcp, (IPEndPoint)t.LocalEndpoint, caller.Id)).ToArray();
        var record = new PeerRecord(caller.Id, 1, time.GetUtcNow() + TimeSpan.FromHours(1), 0, addresses).Sign(caller, default);

        handler.Handle(new Introduction { Record = ByteString.CopyFrom(record), Attempt = ByteString.CopyFrom(new byte[16]) });

        await Eventually.HoldsAsync(() => arrivals.Count == 1, "the caller is expected");
        var start = time.GetUtcNow();
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(50));
                return arrivals.Count == 0;
            },
            "the caller is given up");
        (time.GetUtcNow() - start).Should().BeLessThan(TimeSpan.FromSeconds(40));
        tarpits.ForEach(t => t.Dispose());
    }

    private sealed class NoOwner : ISessionOwner
    {
        public InboundHandler? FindHandler(string protocol) => null;

        public StreamHandler? FindStreamHandler(string protocol) => null;

        public InboundHandler? FindDatagramHandler(string protocol) => null;

        public bool RequiresSignature(string protocol) => false;

        public void SessionOpened(SessionDriver session)
        {
        }

        public void LinkWanted(SessionDriver session)
        {
        }

        public void PathChanged(SessionDriver session)
        {
        }

        public void SessionEnded(SessionDriver session)
        {
        }
    }
}
