using Crust.Session;
using Crust.Session.Driver;

namespace Crust.GatewayProtocol.Driver;

/// <summary>
/// Watches a session with a gateway that somebody waits for: asks for signs of life, and cuts the session when <see cref="GatewaySilence"/> says that there are none. A gateway keeps nothing of a session
/// that lost its link, so that nothing is lost that another one cannot give.
/// </summary>
internal static class GatewayProbe
{
    /// <summary>Why a session was cut, for people.</summary>
    internal const string Silent = "The gateway was silent.";

    /// <summary>Watches until a task ends, however it does, or the session is over; never faults.</summary>
    /// <param name="session">The session with the gateway.</param>
    /// <param name="until">What is waited for.</param>
    /// <param name="isOnce">Whether one sign of life is enough.</param>
    /// <param name="timeProvider">The session's clock.</param>
    internal static async Task WatchAsync(SessionDriver session, Task until, bool isOnce, TimeProvider timeProvider)
    {
        Task ends = Task.WhenAny(until, session.Completion);
        var silence = new GatewaySilence(session.Now);
        session.RequestPing();
        while (true)
        {
            var left = silence.Deadline(session.Statistics.SmoothedRtt) - session.Now;
            if (left > TimeSpan.Zero)
                await ends.WaitAsync(left, timeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ends.IsCompleted || session.Closure is not null)
                return;
            var now = session.Now;
            switch (silence.Handle(now, now - session.Silence, session.Statistics.SmoothedRtt))
            {
                case SilenceVerdict.Silent:
                    session.Cut(GoodbyeCode.GoingAway, Silent);
                    return;
                case SilenceVerdict.AskAgain when isOnce:
                    return;
                case SilenceVerdict.AskAgain:
                    session.RequestPing();
                    break;
            }
        }
    }
}
