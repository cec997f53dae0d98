using System.Runtime.CompilerServices;
using Crust.Session;
using Crust.Session.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session.Driver;

public sealed class SendWaitersTests
{
    [Fact]
    public void Settle_LeavesNoUnobservedException_WhenNobodyWaitsAnyMore()
    {
        // A confirmed send that was cancelled surfaced later as an unobserved exception of the whole process.
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.InnerException is MessageRefusedException { Message: var text } && text.Contains("given/up", StringComparison.Ordinal))
                unobserved.Add(e.Exception);
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            SettleOneThatWasGivenUp();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        unobserved.Should().BeEmpty();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SettleOneThatWasGivenUp()
    {
        var waiters = new SendWaiters();
        var (token, _) = waiters.Expect("given/up");
        waiters.Settle(new SessionEvent(SessionEventKind.Refused, token), "");
    }
}
