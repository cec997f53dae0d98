using System.Runtime.InteropServices;

namespace Crust.Udp.Linux;

/// <summary><c>struct cmsghdr</c> of 64-bit Linux and the bytes behind it: what goes along with a datagram.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ControlMessage
{
    /// <summary>Bytes of the header alone.</summary>
    internal const int HeaderLength = 16;

    /// <summary>Room for one that carries up to 8 bytes.</summary>
    internal const int SmallLength = HeaderLength + 8;

    internal nuint Length;
    internal int Level;
    internal int Type;

    /// <summary>Writes "split every so many bytes" (UDP_SEGMENT).</summary>
    internal static void WriteSegmentLength(byte* control, int segmentLength)
    {
        *(ControlMessage*)control = new ControlMessage
        {
            Length = HeaderLength + sizeof(ushort),
            Level = LinuxSettings.UdpLevel,
            Type = LinuxSettings.UdpSegment,
        };
        *(ushort*)(control + HeaderLength) = (ushort)segmentLength;
    }

    /// <summary>Reads the length of what the kernel joined (UDP_GRO); 0 when it joined nothing.</summary>
    internal static int ReadSegmentLength(byte* control, nuint length)
    {
        var message = Find(control, length, LinuxSettings.UdpLevel, LinuxSettings.UdpGro, sizeof(int));
        return message is null ? 0 : *(int*)message;
    }

    /// <summary>What a message of this kind carries, if it is that long; else null.</summary>
    internal static byte* Find(byte* control, nuint length, int level, int type, nuint dataLength)
    {
        while (length >= HeaderLength)
        {
            var message = (ControlMessage*)control;
            if (message->Length < HeaderLength || message->Length > length)
                return null;
            if (message->Level == level && message->Type == type && message->Length >= HeaderLength + dataLength)
                return control + HeaderLength;
            var step = (message->Length + 7) & ~(nuint)7;
            if (step > length)
                return null;
            control += step;
            length -= step;
        }

        return null;
    }
}
