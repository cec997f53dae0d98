namespace Crust.Gateway.Files.Driver;

/// <summary>A transfer is refused or ends, and its sender is told why.</summary>
/// <param name="code">The kind of reason.</param>
/// <param name="reason">One line that may be told to the sender: no paths of this machine.</param>
/// <param name="local">One line for this machine's user; the same where left out.</param>
internal sealed class RefusedException(RefusalCode code, string reason, string? local = null, Exception? innerException = null) : Exception(reason, innerException)
{
    internal RefusalCode Code { get; } = code;

    internal string Local { get; } = local ?? reason;

    /// <summary>What a failure of the disk means for a transfer.</summary>
    internal static RefusedException From(Exception e) => IsDiskFull(e)
        ? new RefusedException(RefusalCode.DiskFull, "What arrived is kept.", "The disk is full. What arrived is kept; make room, and the transfer goes on when its sender tries again.", e)
        : new RefusedException(RefusalCode.StorageFailed, "It could not store a file.", $"A file could not be stored: {Printable.Of(e.Message)}", e);

    /// <summary>No room, or none for this user: ENOSPC, EDQUOT, EFBIG; ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL.</summary>
    private static bool IsDiskFull(Exception e) => e is IOException && (e.HResult & 0xFFFF) is var code
        && (OperatingSystem.IsWindows() ? code is 39 or 112 : code is 28 or 27 || code == (OperatingSystem.IsLinux() ? 122 : 69));
}
