using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary><c>struct msghdr</c> of 64-bit Linux: 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    internal byte* Name;
    internal uint NameLength;
    private readonly uint _padding;
    internal Vector* Vectors;
    internal nuint VectorCount;
    internal byte* Control;
    internal nuint ControlLength;
    internal int Flags;
    private readonly int _padding2;
}
