namespace Crust.Udp.Linux;

/// <summary>errno of Linux, as far as it is looked at; the numbers are those of x86-64, arm64 and riscv64.</summary>
internal enum ErrorNumber
{
    None = 0,
    NotPermitted = 1,
    Interrupted = 4,
    InputOutput = 5,
    WouldBlock = 11,
    NoMemory = 12,
    InvalidArgument = 22,
    NotImplemented = 38,
    MessageTooLong = 90,
    NoBuffers = 105,
}
