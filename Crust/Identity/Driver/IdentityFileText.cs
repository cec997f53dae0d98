using System.Buffers;
using System.Text;
using Crust.Cryptography;

namespace Crust.Identity.Driver;

/// <summary>
/// The text of an identity file: the line <c>crust identity v1</c>, a comment line <c># id PEERID</c> for humans, and the 32-byte seed in
/// base64. Other comment lines and empty lines are ignored; an id that is there must be the seed's, which finds a damaged seed.
/// </summary>
internal static class IdentityFileText
{
    /// <summary>Largest file that is read, in bytes. Ours: ten times what is written.</summary>
    internal const int MaxLength = 2048;

    private const string Header = "crust identity v1";
    private const string IdComment = "# id ";

    /// <summary>The file's bytes, which hold the secret: the caller wipes them.</summary>
    internal static byte[] Format(PeerIdentity identity)
    {
        Span<byte> seed = stackalloc byte[PeerIdentity.SeedLength];
        Span<byte> base64 = stackalloc byte[Base64Length];
        try
        {
            identity.ExportSeed(seed);
            _ = System.Buffers.Text.Base64.EncodeToUtf8(seed, base64, out _, out _);
            var prefix = Encoding.ASCII.GetBytes($"{Header}\n{IdComment}{identity.Id}\n");
            var text = GC.AllocateArray<byte>(prefix.Length + Base64Length + 1, pinned: true);
            prefix.CopyTo(text, 0);
            base64.CopyTo(text.AsSpan(prefix.Length));
            text[^1] = (byte)'\n';
            return text;
        }
        finally
        {
            Secrets.Zero(seed);
            Secrets.Zero(base64);
        }
    }

    /// <summary>Parses a file; null when it is not an identity file, or a damaged one.</summary>
    internal static PeerIdentity? TryParse(ReadOnlySpan<byte> text)
    {
        PeerIdentity? identity = null;
        PeerId? claimed = null;
        var isFirst = true;
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range].TrimEnd((byte)'\r');
            if (isFirst)
            {
                if (!line.SequenceEqual("crust identity v1"u8))
                    return null;
                isFirst = false;
            }
            else if (line.StartsWith("# id "u8))
            {
                if (claimed is not null || !PeerId.TryParse(Encoding.ASCII.GetString(line[IdComment.Length..]), null, out var id))
                    return Reject(identity);
                claimed = id;
            }
            else if (!line.IsEmpty && line[0] != (byte)'#')
            {
                if (identity is not null || (identity = ParseSeed(line)) is null)
                    return Reject(identity);
            }
        }

        return identity is null || (claimed is not null && claimed != identity.Id) ? Reject(identity) : identity;
    }

    private static int Base64Length => System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(PeerIdentity.SeedLength);

    private static PeerIdentity? ParseSeed(ReadOnlySpan<byte> line)
    {
        Span<byte> seed = stackalloc byte[PeerIdentity.SeedLength + 1];
        try
        {
            return line.Length == Base64Length
                && System.Buffers.Text.Base64.DecodeFromUtf8(line, seed, out _, out var length) == OperationStatus.Done
                && length == PeerIdentity.SeedLength
                ? PeerIdentity.FromSeed(seed[..length])
                : null;
        }
        finally
        {
            Secrets.Zero(seed);
        }
    }

    private static PeerIdentity? Reject(PeerIdentity? identity)
    {
        identity?.Dispose();
        return null;
    }
}
