using Crust.Session.Frames;
using Crust.Primitives.Driver;
using Crust.Session.Records;
using Crust.Wire;

namespace Crust.Session.Driver;

/// <summary>
/// Tells a proven peer, over a link that will carry no session, why: one record with a GOODBYE. The link is closed afterwards. Bounded in time, also by a peer that
/// does not read.
/// </summary>
internal static class LinkFarewell
{
    /// <summary>Longest farewell. Ours: a round trip, and some.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    internal static async Task SayAsync(SecureLink ownedLink, GoodbyeCode code, string reason, MonotonicClock clock)
    {
        using var timeout = new CancellationTokenSource(Longest, clock.TimeProvider);
        try
        {
            Write(ownedLink, new GoodbyeFrame(code, reason), clock);
            // Until the peer closes: what it wrote and we did not read would make our close a reset, which may overtake the goodbye.
            if (await ownedLink.Pipe.FlushAsync(timeout.Token).ConfigureAwait(false))
            {
                while (await ownedLink.Pipe.ReadAsync(timeout.Token).ConfigureAwait(false))
                {
                    // Whatever it says, it comes too late.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It did not read, or did not close: it has had its time.
        }
        finally
        {
            await ownedLink.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void Write(SecureLink link, GoodbyeFrame goodbye, MonotonicClock clock)
    {
        Span<byte> plaintext = stackalloc byte[GoodbyeFrame.MaxLength];
        var writer = new SpanWriter(plaintext);
        goodbye.Write(ref writer);
        var output = link.Pipe.Output;
        output.Advance(link.Sealer.Seal(plaintext[..writer.Position], output.GetSpan(writer.Position + RecordSealer.Overhead(link.Result.Suite)), clock.Now));
    }
}
