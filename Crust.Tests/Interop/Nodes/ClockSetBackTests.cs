using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>A process that restarts with its clock set back says that it is older than the one before it.</summary>
public sealed class ClockSetBackTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RestartedProcess_IsWelcome_OnceTheOneBeforeItShowsNoLife()
    {
        // It was refused until the other side had dropped the old session, after two minutes.
        var remoteTime = new ShiftedTime();
        using var key = PeerIdentity.Create();
        await using var remote = await StreamTests.StartAsync(o => o.TimeProvider = remoteTime);
        var proxy = new CuttingProxy(remote.Addresses[0].EndPoint);
        await using var before = await StreamTests.StartAsync(o => o.Identity = key);
        await before.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, remote.Id), Token);
        await Eventually.HoldsAsync(() => remote.Connections.Count == 1, "the other end has it too");
        var old = remote.Connections[0];
        // What a crash leaves behind: no goodbye, and nobody at the other end.
        await proxy.DisposeAsync();
        await Eventually.HoldsAsync(() => old.IsSuspended, "the link is gone");
        await using var after = await StreamTests.StartAsync(o => (o.Identity, o.TimeProvider) = (key, new ShiftedTime { Back = TimeSpan.FromHours(1) }));

        var early = await after.ConnectToAddressAsync(remote.Addresses[0], Token);
        await early.Completion.WaitAsync(Eventually.Soon, Token);
        early.CloseReason.Should().Contain("A newer process runs under this identity", "the one before may yet come back");
        old.IsOpen.Should().BeTrue();
        remoteTime.Ahead = TimeSpan.FromSeconds(31);

        var connection = await after.ConnectToAddressAsync(remote.Addresses[0], Token);

        (await connection.PingAsync(Token).WaitAsync(Eventually.Soon, Token)).Should().BePositive();
        await old.Completion.WaitAsync(Eventually.Soon, Token);
        old.CloseReason.Should().Contain("began anew");
        remote.Connections.Should().ContainSingle();
    }

    /// <summary>The real time, told wrong.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        private long _ahead;

        /// <summary>By how much the wall clock is behind.</summary>
        internal TimeSpan Back { get; init; }

        /// <summary>By how much the monotonic clock has jumped.</summary>
        internal TimeSpan Ahead
        {
            set => Volatile.Write(ref _ahead, value.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - Back;

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _ahead);
    }
}
