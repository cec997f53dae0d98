using System.Text;
using Crust.Cryptography;

namespace Crust.Identity;

/// <summary>
/// The network that peers agree to be in: the BLAKE3 hash of its name. It enters every handshake and every signed statement, so that two
/// networks never shake hands and nothing signed in one counts in another.
/// </summary>
public readonly record struct NetworkId
{
    /// <summary>The network that is used when none is named.</summary>
    public const string DefaultName = "crust";

    /// <summary>Longest network name, in UTF-8 bytes. Ours: room for a domain name.</summary>
    public const int MaxNameLength = 255;

    internal const int ByteLength = Blake3.HashLength;

    private static readonly string DefaultHex = HexOf(Encoding.UTF8.GetBytes(DefaultName));

    private readonly string? _hex;

    // Null for the default network, so that it equals the default value.
    private NetworkId(string hex) => _hex = hex == DefaultHex ? null : hex;

    /// <summary>The hash of the name as 64 lower-case hexadecimal digits.</summary>
    public string Hex => _hex ?? DefaultHex;

    /// <summary>The first 16 hexadecimal digits of the hash: the prefix of every grain key.</summary>
    public string KeyPrefix => Hex[..16];

    /// <summary>Hashes a network name.</summary>
    /// <exception cref="ArgumentException">The name is empty or longer than <see cref="MaxNameLength"/> bytes.</exception>
    public static NetworkId FromName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length > MaxNameLength)
            throw new ArgumentException($"A network name has at most {MaxNameLength} bytes.", nameof(name));
        return new NetworkId(HexOf(bytes));
    }

    /// <summary>Takes the 32 bytes of a hash.</summary>
    /// <exception cref="ArgumentException">There are not 32 bytes.</exception>
    internal static NetworkId FromHash(ReadOnlySpan<byte> hash)
    {
        Lengths.Require(hash, ByteLength);
        return new NetworkId(Convert.ToHexStringLower(hash));
    }

    /// <summary>The 32 bytes of the hash.</summary>
    public byte[] ToByteArray() => Convert.FromHexString(Hex);

    public override string ToString() => Hex;

    private static string HexOf(byte[] name) => Convert.ToHexStringLower(Blake3.Hash(name));
}
