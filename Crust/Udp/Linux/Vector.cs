using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary><c>struct iovec</c>: a piece of memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Vector
{
    internal byte* Start;
    internal nuint Length;
}
