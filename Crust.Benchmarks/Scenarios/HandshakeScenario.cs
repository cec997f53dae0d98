using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Session.Handshakes;
using Crust.Tcp;
using Crust.Transport;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// What a handshake costs: the processor time of both sides, one handshake after the other, over connected loopback TCP. Ours is the whole
/// hybrid handshake with the record that confirms it. In <c>full</c> the two never met: each side has to check and convert the other's id;
/// in <c>again</c> both remember that from before. The rival's certificates are the same all the time.
/// </summary>
internal static class HandshakeScenario
{
    private const int Batch = 100;
    private const int Batches = 5;

    internal static IEnumerable<BenchmarkCase> Cases()
    {
        yield return Case("full", strangers: true);
        yield return Case("again", strangers: false);
    }

    private static BenchmarkCase Case(string name, bool strangers)
    {
        var wall = (Ours: 0.0, Theirs: 0.0);
        async Task<double> Ours()
        {
            (var cpu, wall.Ours) = await OursAsync(strangers);
            return cpu;
        }

        async Task<double> Theirs()
        {
            (var cpu, wall.Theirs) = await TlsAsync();
            return cpu;
        }

        return new BenchmarkCase(name, "tls", "CPU of both sides", "µs/handshake", Ours, Theirs)
        {
            LessIsBetter = true,
            Remark = () => string.Create(CultureInfo.InvariantCulture, $"wall time in the last round {wall.Ours:0} µs, tls {wall.Theirs:0} µs"),
        };
    }

    private static async Task<(double CpuMicroseconds, double WallMicroseconds)> OursAsync(bool strangers)
    {
        var meter = new Meter();
        var network = NetworkId.FromName("benchmark");
        var clock = new MonotonicClock(TimeProvider.System);
        var initiator = new Side(network, clock);
        var responder = new Side(network, clock);
        for (var batch = 0; batch < Batches; batch++)
        {
            using var sockets = await SocketPairs.ConnectAsync(Batch);
            var sides = Enumerable.Range(0, Batch).Select(_ => strangers ? (new Side(network, clock), new Side(network, clock)) : (initiator, responder)).ToArray();
            var secured = new List<SecureLink>();
            meter.Start();
            for (var i = 0; i < Batch; i++)
            {
                var (dialler, accepter) = sides[i];
                var accepting = accepter.RespondAsync(sockets.Pairs[i].Accepted);
                var dialling = dialler.InitiateAsync(sockets.Pairs[i].Dialled, accepter.Identity.Id);
                secured.Add(await dialling ?? throw new InvalidOperationException("The handshake failed."));
                secured.Add(await accepting ?? throw new InvalidOperationException("The handshake failed."));
            }

            meter.Stop();
            foreach (var link in secured)
                await link.DisposeAsync();
        }

        return meter.Per(Batch * Batches);
    }

    private static async Task<(double CpuMicroseconds, double WallMicroseconds)> TlsAsync()
    {
        var meter = new Meter();
        using var rival = new TlsRival();
        var server = rival.ServerOptions(rival.ClientHash);
        var client = rival.ClientOptions(rival.ServerHash);
        for (var batch = 0; batch < Batches; batch++)
        {
            using var sockets = await SocketPairs.ConnectAsync(Batch);
            var streams = new List<SslStream>();
            meter.Start();
            for (var i = 0; i < Batch; i++)
            {
                var accepted = new SslStream(new NetworkStream(sockets.Pairs[i].Accepted));
                var dialled = new SslStream(new NetworkStream(sockets.Pairs[i].Dialled));
                var accepting = accepted.AuthenticateAsServerAsync(server);
                await dialled.AuthenticateAsClientAsync(client);
                await accepting;
                streams.Add(accepted);
                streams.Add(dialled);
            }

            meter.Stop();
            if (streams.Exists(s => !s.IsMutuallyAuthenticated))
                throw new InvalidOperationException("The rival did not authenticate both sides.");
            foreach (var stream in streams)
                await stream.DisposeAsync();
        }

        return meter.Per(Batch * Batches);
    }

    /// <summary>One peer, as a node makes it up.</summary>
    private sealed class Side
    {
        private readonly HandshakeTerms _terms;
        private readonly LinkHandshaker _handshaker;
        private readonly SessionNonces _nonces = new(SessionNonce.FromBytes(Guid.NewGuid().ToByteArray()), null);

        internal Side(NetworkId network, MonotonicClock clock)
        {
            _terms = new HandshakeTerms(Identity.Id, signs: true, requiresSignatures: false, allowAegis128L: false);
            _handshaker = new LinkHandshaker(Identity, network, clock, new SemaphoreSlim(1));
        }

        internal PeerIdentity Identity { get; } = PeerIdentity.Create();

        internal Task<SecureLink?> InitiateAsync(Socket socket, PeerId remote) =>
            _handshaker.InitiateAsync(new TcpLink(socket), remote, ConnectionPath.DirectTcp, _terms.Offer(_nonces), static _ => true, CancellationToken.None);

        internal Task<SecureLink?> RespondAsync(Socket socket) =>
            _handshaker.RespondAsync(new TcpLink(socket), ConnectionPath.DirectTcp, offer => _terms.Reply(offer, _nonces, generation: 0), CancellationToken.None);
    }

    /// <summary>Adds up the process's processor time, in user and kernel mode, and the wall time of the measured parts.</summary>
    private sealed class Meter
    {
        private TimeSpan _cpu, _wall, _cpuAtStart;
        private long _wallAtStart;

        internal void Start()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            _cpuAtStart = Environment.CpuUsage.TotalTime;
            _wallAtStart = Stopwatch.GetTimestamp();
        }

        internal void Stop()
        {
            _cpu += Environment.CpuUsage.TotalTime - _cpuAtStart;
            _wall += Stopwatch.GetElapsedTime(_wallAtStart);
        }

        internal (double CpuMicroseconds, double WallMicroseconds) Per(int count) => (_cpu.TotalMicroseconds / count, _wall.TotalMicroseconds / count);
    }
}
