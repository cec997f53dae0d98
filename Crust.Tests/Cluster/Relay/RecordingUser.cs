using Crust.Session.Circuits;

namespace Crust.Tests.Cluster.Relay;

/// <summary>A circuit's end that only notes what becomes of it.</summary>
internal sealed class RecordingUser : ICircuitUser
{
    private readonly TaskCompletionSource<CircuitCode> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<CircuitCode> Ended => _ended.Task;

    public void HandleReceived(ReadOnlySpan<byte> data)
    {
    }

    public void HandleProgress()
    {
    }

    public void HandleEnded(CircuitCode code) => _ended.TrySetResult(code);
}
