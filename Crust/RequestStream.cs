using System.Buffers;
using Crust.Session;
using Crust.Session.Driver;

namespace Crust;

/// <summary>A request and its response as a stream: each side writes one payload and ends its direction.</summary>
internal static class RequestStream
{
    private const int ReadAtOnce = 4096;

    /// <summary>Reads to the end.</summary>
    /// <exception cref="StreamBrokenException">The other side gave up, or sends more than a message may have.</exception>
    internal static async ValueTask<byte[]> ReadAllAsync(StreamEndpoint stream, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(ReadAtOnce);
        while (await stream.ReadAsync(buffer.GetMemory(ReadAtOnce), cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > WireLimits.MaxMessageLength)
                throw new StreamBrokenException($"The payload is longer than {WireLimits.MaxMessageLength} bytes.", StreamEndpoint.HandlerFailed);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
