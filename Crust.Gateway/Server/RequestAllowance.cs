using Crust.Primitives;

namespace Crust.Gateway.Server;

/// <summary>
/// How often one session may ask for what. Ours: a peer that calls others all day stays far below; one that scans for ids or makes others
/// dial does not. Not thread safe: requests of a session come one at a time.
/// </summary>
internal sealed class RequestAllowance
{
    private readonly TokenBucket _observations = new(perSecond: 1, burst: 10);
    private readonly TokenBucket _lookups = new(perSecond: 50, burst: 200);
    private readonly TokenBucket _introductions = new(perSecond: 10, burst: 50);
    private readonly TokenBucket _attachments = new(perSecond: 1, burst: 10);

    private readonly TokenBucket _attestations = new(perSecond: 1, burst: 10);

    private readonly TokenBucket _reports = new(perSecond: 1, burst: 20);

    private readonly TokenBucket _samples = new(perSecond: 0.1, burst: 5);

    private readonly TokenBucket _neighbourhoods = new(perSecond: 1.0 / 60, burst: 5);

    internal bool MaySample(Instant now) => _samples.TryTake(now);

    internal bool MayAskNeighbours(Instant now) => _neighbourhoods.TryTake(now);

    internal bool MayReport(Instant now) => _reports.TryTake(now);

    internal bool MayAttest(Instant now) => _attestations.TryTake(now);

    internal bool MayObserve(Instant now) => _observations.TryTake(now);

    internal bool MayLookUp(Instant now) => _lookups.TryTake(now);

    internal bool MayIntroduce(Instant now) => _introductions.TryTake(now);

    internal bool MayAttach(Instant now) => _attachments.TryTake(now);
}
