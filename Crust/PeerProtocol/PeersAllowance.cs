using Crust.Primitives;

namespace Crust.PeerProtocol;

/// <summary>
/// How often one session may ask for what. Ours: a look-up asks each peer once; who asks for introductions all day makes others dial. Not thread safe: messages of a session come one at a time.
/// </summary>
internal sealed class PeersAllowance
{
    private readonly TokenBucket _questions = new(perSecond: 10, burst: 50);
    private readonly TokenBucket _introductions = new(perSecond: 1, burst: 10);
    private readonly TokenBucket _records = new(perSecond: 0.1, burst: 10);

    internal bool MayAsk(Instant now) => _questions.TryTake(now);

    internal bool MayIntroduce(Instant now) => _introductions.TryTake(now);

    internal bool MayTell(Instant now) => _records.TryTake(now);
}
