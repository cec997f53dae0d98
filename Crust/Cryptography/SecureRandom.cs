namespace Crust.Cryptography;

/// <summary>The operating system's random generator, by libsodium. Drivers draw from it; machines get what they need as arguments.</summary>
internal static unsafe class SecureRandom
{
    internal static void Fill(Span<byte> buffer)
    {
        fixed (byte* b = buffer)
            Libsodium.RandomBytes(b, (nuint)buffer.Length);
    }

    internal static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        Fill(bytes);
        return bytes;
    }
}
