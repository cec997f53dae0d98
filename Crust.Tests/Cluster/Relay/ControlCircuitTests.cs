using Crust.Cryptography;
using Crust.Identity;
using Crust.Nat.HolePunching.Driver;
using Crust.PeerProtocol;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;
using Crust.Session.Handshakes;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Cluster.Relay;

/// <summary>What a control circuit is not for, said by a peer or made by a gateway that changes a circuit's kind on the way.</summary>
[Trait("speed", "slow")]
public sealed class ControlCircuitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData((byte)CircuitKind.Control, true, true)]
    [InlineData((byte)CircuitKind.Data, true, false)]
    [InlineData((byte)CircuitKind.Control, false, false)]
    [InlineData((byte)CircuitKind.Data, false, true)]
    public async Task Handshake_SucceedsOnlyOnACircuitOfItsKind(byte kind, bool meansControl, bool succeeds)
    {
        await using var world = await RelayWorld.StartAsync();
        var callee = await world.NodeAsync(0);
        await using var caller = new Caller(await world.NodeAsync(0));

        await using var link = await caller.CallAsync(callee.Id, (CircuitKind)kind, meansControl ? HandshakeFeatures.ControlOnly : HandshakeFeatures.None);

        // What was refused is answered with nothing.
        (link is not null).Should().Be(succeeds);
        if (succeeds && !meansControl)
            await Eventually.HoldsAsync(() => callee.Connections.Any(c => c.Peer == caller.Id), "a session's link makes a session");
        else
            callee.Connections.Should().NotContain(c => c.Peer == caller.Id, "nothing else does");
    }

    [Fact]
    public async Task AnythingButTheTalk_EndsIt()
    {
        await using var world = await RelayWorld.StartAsync();
        var callee = await world.NodeAsync(0, PathPolicy.DirectOnly);
        await using var caller = new Caller(await world.NodeAsync(0));
        var link = await caller.CallAsync(callee.Id, CircuitKind.Control, HandshakeFeatures.ControlOnly);
        await using var talk = new ControlTalk(link!, caller.Circuit!, null, static (_, _) => { }, caller.Clock);
        talk.WantsDirect.Should().BeTrue();
        talk.TrySignal("another/1", [1]).Should().BeFalse();

        talk.TrySignal(PunchTalk.Protocol, "an application's message"u8).Should().BeTrue();

        await talk.Completion.WaitAsync(Patience, TestContext.Current.CancellationToken);
        talk.EndedBy.Should().NotBeNull("the other end closed it");
        talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteEnd(SecureRandom.Bytes(16), Crust.Nat.HolePunching.PunchFailure.Cancelled)).Should().BeFalse();
        await Eventually.HoldsAsync(() => world.Gateways[0].Relay.CircuitCount == 0, "it is over");
    }

    [Fact]
    public async Task TalkWithoutEnd_IsCut()
    {
        await using var world = await RelayWorld.StartAsync();
        var callee = await world.NodeAsync(0, PathPolicy.DirectOnly);
        await using var caller = new Caller(await world.NodeAsync(0));
        var link = await caller.CallAsync(callee.Id, CircuitKind.Control, HandshakeFeatures.ControlOnly);
        await using var talk = new ControlTalk(link!, caller.Circuit!, null, static (_, _) => { }, caller.Clock);
        var message = PunchTalk.WriteEnd(SecureRandom.Bytes(16), Crust.Nat.HolePunching.PunchFailure.Cancelled);

        var said = 0L;
        await Eventually.HoldsAsync(
            () =>
            {
                while (talk.TrySignal(PunchTalk.Protocol, message))
                    said += message.Length;
                return talk.Completion.IsCompleted;
            },
            "it carries no more than a control circuit may");

        said.Should().BeGreaterThan(CircuitLimits.ControlBytes / 4);
        talk.EndedBy.Should().Be(CircuitReason.Of(CircuitCode.Exhausted));
        world.Gateways[0].Relay.Bytes.Should().BeLessThan(2 * CircuitLimits.ControlBytes);
    }

    /// <summary>A peer that opens circuits over an attached node's session and says on them what it likes, under an identity of its own.</summary>
    private sealed class Caller : IAsyncDisposable
    {
        private readonly PeerIdentity _identity = PeerIdentity.Create();
        private readonly SemaphoreSlim _core = new(1);
        private readonly CrustNode _node;

        internal Caller(CrustNode node) => _node = node;

        internal MonotonicClock Clock { get; } = new(TimeProvider.System);

        internal PeerId Id => _identity.Id;

        internal CircuitLink? Circuit { get; private set; }

        /// <summary>Opens a circuit and handshakes with these features; null when that is refused.</summary>
        internal async Task<SecureLink?> CallAsync(PeerId callee, CircuitKind kind, HandshakeFeatures features)
        {
            var hop = _node.Connections[0].Session.Circuits!;
            hop.TryOpen(callee, kind, [], circuit => Circuit = new CircuitLink(hop, circuit, new MemoryBudget(1 << 20), TimeProvider.System)).Should().NotBeNull();
            var terms = new HandshakeTerms(Id, signs: true, requiresSignatures: false, allowAegis128L: false, ProcessEpoch.Starting(Clock.UnixMilliseconds, 0));
            var nonces = new SessionNonces(SessionNonce.FromBytes(SecureRandom.Bytes(SessionNonce.Length)), null);
            return await new LinkHandshaker(_identity, _node.Network, Clock, _core).InitiateAsync(
                Circuit!, callee, ConnectionPath.Relayed, terms.Offer(nonces, features), static _ => true, TestContext.Current.CancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            _core.Dispose();
            _identity.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
