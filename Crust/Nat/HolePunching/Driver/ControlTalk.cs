using System.Threading.Channels;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.Primitives.Driver;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;
using Crust.Session.Records;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>
/// A control circuit after its handshake: each record is one message of the talk about punches, or empty, and nothing else is ever said. No session comes of it. It is over when
/// either end closes it, it carried <see cref="CircuitLimits.ControlBytes"/>, or something else came. Thread safe. Owns the link.
/// </summary>
internal sealed class ControlTalk : ISignalling, IAsyncDisposable
{
    /// <summary>Messages that wait to be written. Ours: an attempt takes three; the circuit itself ends long before many.</summary>
    private const int MaxQueued = 32;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly SecureLink _link;
    private readonly CircuitLink _circuit;
    private readonly MonotonicClock _clock;
    private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(MaxQueued);
    private readonly Task _work;
    private volatile bool _isOver;

    /// <param name="ownedLink">The secured link.</param>
    /// <param name="circuit">The circuit that it is.</param>
    /// <param name="roundTrip">What the handshake took; null where that is not known.</param>
    /// <param name="handle">Takes what the remote says, in order.</param>
    /// <param name="clock">For the keys.</param>
    internal ControlTalk(SecureLink ownedLink, CircuitLink circuit, TimeSpan? roundTrip, Action<ControlTalk, PunchEnvelope> handle, MonotonicClock clock)
    {
        (_link, _circuit, _clock, RoundTrip, Remote) = (ownedLink, circuit, clock, roundTrip, ownedLink.Result.Remote);
        CheckSecret = new byte[32];
        ownedLink.Result.Export("crust punch v1"u8, CheckSecret);
        _work = RunAsync(handle);
    }

    public PeerId Remote { get; }

    public byte[] CheckSecret { get; }

    public TimeSpan? RoundTrip { get; }

    public SessionDriver? Hop => _circuit.Hop;

    public bool WantsDirect => !_isOver;

    public TimeSpan LongestPause => Pause;

    /// <summary>Ends when it is over; never faults.</summary>
    internal Task Completion => _work;

    /// <summary>Why the other end or the gateway ended it, for people; null while it has not.</summary>
    internal string? EndedBy => _circuit.EndedBy is { } code ? CircuitReason.Of(code) : null;

    public bool TrySignal(string protocol, ReadOnlySpan<byte> message) => !_isOver && protocol == PunchTalk.Protocol && _queue.Writer.TryWrite(message.ToArray());

    /// <summary>Ends it, in order.</summary>
    internal void Close()
    {
        _isOver = true;
        _queue.Writer.TryComplete();
        _link.Pipe.CancelRead();
        _link.Pipe.Output.CancelPendingFlush();
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await _work.ConfigureAwait(false);
    }

    private async Task RunAsync(Action<ControlTalk, PunchEnvelope> handle)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var writing = WriteAsync();
        try
        {
            await ReadAsync(handle).ConfigureAwait(false);
        }
        finally
        {
            Close();
            await writing.ConfigureAwait(false);
            await _link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(Action<ControlTalk, PunchEnvelope> handle)
    {
        if (!TryTake(_link.FirstPlaintext, handle))
            return;
        _link.FirstPlaintext = [];
        while (!_isOver && await _link.Pipe.ReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            var body = _link.Pipe.Body;
            if (!_link.Opener.TryOpen(_link.Pipe.Header, body.Span, body.Span, out var length) || !TryTake(body.Span[..length], handle))
                return;
        }
    }

    /// <summary>False when what came is no message of the talk: whatever it is, it is not for a control circuit.</summary>
    private bool TryTake(ReadOnlySpan<byte> plaintext, Action<ControlTalk, PunchEnvelope> handle)
    {
        if (plaintext.IsEmpty)
            return true;
        if (!PunchTalk.TryParse(plaintext, out var envelope))
            return false;
        handle(this, envelope);
        return true;
    }

    private async Task WriteAsync()
    {
        // Ends with the queue, or when the circuit takes nothing more.
        await foreach (var message in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Seal(message);
            if (!await _link.Pipe.FlushAsync(CancellationToken.None).ConfigureAwait(false))
                break;
        }

        Close();
    }

    private void Seal(byte[] message)
    {
        var buffer = _link.Pipe.Output.GetSpan(message.Length + RecordSealer.Overhead(_link.Result.Suite));
        _link.Pipe.Output.Advance(_link.Sealer.Seal(message, buffer, _clock.Now));
    }
}
