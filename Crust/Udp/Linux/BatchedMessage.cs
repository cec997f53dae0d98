using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary><c>struct mmsghdr</c> of 64-bit Linux: 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BatchedMessage
{
    internal MessageHeader Header;

    /// <summary>Bytes received or sent.</summary>
    internal uint Length;
    private readonly uint _padding;
}
