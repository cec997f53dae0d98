using Crust.Primitives;
using Crust.Session.Handshakes;
using Crust.Session.Records;
using Crust.Transport;

namespace Crust.Session.Driver;

/// <summary>
/// A link after its handshake: who is at the other end is proven, records flow. Owns the pipe and the keys.
/// </summary>
internal sealed class SecureLink(RecordPipe pipe, HandshakeResult result, ConnectionPath path, Instant now) : IAsyncDisposable
{
    internal RecordPipe Pipe => pipe;

    internal HandshakeResult Result => result;

    internal ConnectionPath Path => path;

    internal RecordSealer Sealer { get; } = new(result.Suite, result.SendKey, now);

    internal RecordOpener Opener { get; } = new(result.Suite, result.ReceiveKey);

    /// <summary>The plaintext of the record that confirmed the handshake to the responder: it belongs to the session.</summary>
    internal byte[] FirstPlaintext { get; set; } = [];

    public async ValueTask DisposeAsync()
    {
        await pipe.DisposeAsync().ConfigureAwait(false);
        Sealer.Dispose();
        Opener.Dispose();
        result.Dispose();
    }
}
