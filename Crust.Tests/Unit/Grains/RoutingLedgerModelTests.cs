using Crust.Grains.Abstractions;
using Crust.Grains.Routing;
using Crust.Identity;
using Crust.Tests.Cluster;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Grains;

/// <summary>The compact ledger beside a model of lists and dictionaries, under random announcements, withdrawals and losses.</summary>
public sealed class RoutingLedgerModelTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryStep_LeavesWhatTheModelSays(int seed)
    {
        const int Zone = 5;
        var random = new Random(seed);
        TestPeer[] peers = [.. Enumerable.Range(0, 40).Select(_ => TestPeer.InZone(Zone))];
        TestPeer[] gateways = [.. Enumerable.Range(0, 6).Select(_ => new TestPeer())];
        var epochs = gateways.ToDictionary(gateway => gateway.Id, _ => (ulong)(Start - TimeSpan.FromDays(1)).ToUnixTimeMilliseconds());
        // Newest first; all of one epoch.
        var model = new Dictionary<PeerId, List<(PeerId Gateway, ulong Epoch, DateTimeOffset At, byte[] Signed)>>();
        var ledger = new RoutingLedger(TestPeer.Network, Zone);
        for (var step = 0; step < 1500; step++)
        {
            var now = Start + TimeSpan.FromMilliseconds(step);
            var peer = peers[random.Next(peers.Length)];
            var gateway = gateways[random.Next(gateways.Length)].Id;
            model.TryGetValue(peer.Id, out var known);
            switch (random.Next(100))
            {
                case < 65:
                    var epoch = (known?[0].Epoch ?? 1) + (random.Next(8) == 0 ? 1UL : 0);
                    var (signed, at) = (peer.Attach(gateway, epoch, now), now);
                    if (known?.Find(a => a.Gateway == gateway) is { Signed: not null } same && random.Next(2) == 0)
                        (signed, epoch, at) = (same.Signed, same.Epoch, same.At);
                    ledger.Hear(gateway, epochs[gateway], now).Should().BeTrue();
                    var losers = new List<Superseded>();
                    ledger.Announce(gateway, new PeerAnnouncement(signed, 1), now, losers).Should().Be(new AnnounceOutcome(AnnounceResult.Accepted, epoch));
                    losers.Select(l => l.Gateway).Should().Equal(known?[0].Epoch < epoch ? known.Select(a => a.Gateway) : []);
                    if (known is null || known[0].Epoch < epoch)
                        model[peer.Id] = known = [];
                    known.RemoveAll(a => a.Gateway == gateway);
                    known.Add((gateway, epoch, at, signed));
                    known.Sort((left, right) => right.At.CompareTo(left.At));
                    if (known.Count > RoutingLedger.MaxAttachments)
                        known.RemoveAt(known.Count - 1);
                    break;
                case < 92:
                    ledger.Withdraw(gateway, peer.Id, known?[0].Epoch ?? 1);
                    Forget(model, peer.Id, gateway);
                    break;
                case < 96:
                    ledger.Hear(gateway, ++epochs[gateway], now);
                    Array.ForEach(peers, p => Forget(model, p.Id, gateway));
                    break;
                default:
                    ledger.Refresh([.. epochs.Where(e => e.Key != gateway).Select(e => new GatewayLife(e.Key, e.Value))], true, now + TimeSpan.FromMinutes(1));
                    Array.ForEach(peers, p => Forget(model, p.Id, gateway));
                    break;
            }

            ledger.Count.Should().Be(model.Count, $"seed={seed} step={step}");
            foreach (var each in peers)
                ledger.Find(each.Id)?.SignedAttachment.Should().Equal(model[each.Id][0].Signed, $"seed={seed} step={step}");
            var target = GrainKeys.HashOf(peers[random.Next(peers.Length)].Id);
            ledger.FindClosest(target, 4).Select(p => p.Peer).Should().Equal(
                model.Keys.OrderBy(p => Convert.ToHexString([.. GrainKeys.HashOf(p).Zip(target, (a, b) => (byte)(a ^ b))]), StringComparer.Ordinal).Take(4), $"seed={seed} step={step}");
        }

        Array.ForEach(peers, p => p.Dispose());
        Array.ForEach(gateways, g => g.Dispose());
    }

    private static void Forget(Dictionary<PeerId, List<(PeerId Gateway, ulong Epoch, DateTimeOffset At, byte[] Signed)>> model, PeerId peer, PeerId gateway)
    {
        if (model.TryGetValue(peer, out var known) && known.RemoveAll(a => a.Gateway == gateway) > 0 && known.Count == 0)
            model.Remove(peer);
    }
}
