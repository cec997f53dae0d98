using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace Crust.Tests.Interop.Utp;

/// <summary>Bytes of a stream, by number and hash: what both implementations tell of what they sent and received.</summary>
internal sealed record HashedContent(long Bytes, string Sha256)
{
    private const int Block = 16 * 1024;

    /// <summary>Writes seeded bytes, and no end.</summary>
    internal static async Task<HashedContent> SendAsync(PipeWriter writer, long bytes, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(seed);
        for (var left = bytes; left > 0;)
        {
            var memory = writer.GetMemory(Block);
            var block = memory[..(int)Math.Min(left, memory.Length)];
            random.NextBytes(block.Span);
            hash.AppendData(block.Span);
            writer.Advance(block.Length);
            left -= block.Length;
            await writer.FlushAsync();
        }

        return new HashedContent(bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Reads to the remote's end.</summary>
    internal static async Task<HashedContent> ReceiveAsync(PipeReader reader)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long bytes = 0;
        while (true)
        {
            var result = await reader.ReadAsync();
            foreach (var segment in result.Buffer)
                hash.AppendData(segment.Span);
            bytes += result.Buffer.Length;
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return new HashedContent(bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
    }

    /// <summary>What the other implementation told by <c>sent</c> or <c>received</c>.</summary>
    internal static HashedContent From(Processes.ProcessEvent told) => new(told.Body.GetProperty("bytes").GetInt64(), told.Text("sha256"));
}
