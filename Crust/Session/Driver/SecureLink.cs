using Crust.Primitives;
using Crust.Session.Handshakes;
using Crust.Session.Records;
using Crust.Transport;

namespace Crust.Session.Driver;

/// <summary>
/// A link after its handshake: who is at the other end is proven, records flow. Owns the pipe and the keys.
/// </summary>
internal sealed class SecureLink : IAsyncDisposable
{
    internal SecureLink(RecordPipe pipe, HandshakeResult result, ConnectionPath path, Instant now)
    {
        Pipe = pipe;
        Result = result;
        Path = path;
        Sealer = new RecordSealer(result.Suite, result.SendKey, now);
        Opener = new RecordOpener(result.Suite, result.ReceiveKey);
        result.ForgetTrafficSecrets();
    }

    internal RecordPipe Pipe { get; }

    /// <summary>What the handshake gave, but for the traffic secrets, which the keys have replaced.</summary>
    internal HandshakeResult Result { get; }

    internal ConnectionPath Path { get; }

    /// <summary>Why there is this link and not another, for people.</summary>
    internal string Why { get; set; } = "";

    internal RecordSealer Sealer { get; }

    internal RecordOpener Opener { get; }

    /// <summary>The plaintext of the record that confirmed the handshake to the responder: it belongs to the session.</summary>
    internal byte[] FirstPlaintext { get; set; } = [];

    public async ValueTask DisposeAsync()
    {
        await Pipe.DisposeAsync().ConfigureAwait(false);
        Sealer.Dispose();
        Opener.Dispose();
        Result.Dispose();
    }
}
