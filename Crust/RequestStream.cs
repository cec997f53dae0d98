using Crust.Session;
using Crust.Session.Driver;

namespace Crust;

/// <summary>A request and its response as a stream: each side writes one payload and ends its direction.</summary>
internal static class RequestStream
{
    private const int FirstRoom = 4096;

    /// <summary>Reads to the end.</summary>
    /// <exception cref="StreamBrokenException">The other side gave up, or sends more than a message may have.</exception>
    internal static async ValueTask<byte[]> ReadAllAsync(StreamEndpoint stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[FirstRoom];
        var length = 0;
        while (await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            length += read;
            if (length > WireLimits.MaxMessageLength)
                throw new StreamBrokenException($"The payload is longer than {WireLimits.MaxMessageLength} bytes.", StreamEndpoint.HandlerFailed);
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(length * 2, WireLimits.MaxMessageLength + 1));
        }

        Array.Resize(ref buffer, length);
        return buffer;
    }
}
