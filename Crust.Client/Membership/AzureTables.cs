using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;

namespace Crust.Client.Membership;

/// <summary>Makes clients of Azure Tables that fail soon: a peer waits for the answer.</summary>
internal static class AzureTables
{
    /// <summary>The table of silos. Orleans' name.</summary>
    internal const string MembershipTable = "OrleansSiloInstances";

    /// <summary>The table of grain state. Orleans' name.</summary>
    internal const string StateTable = "OrleansGrainState";

    /// <summary>One try's time. Ours: a hundred times a healthy answer's, and with <see cref="Retries"/> within what a grain waits for storage.</summary>
    private static readonly TimeSpan TryTime = TimeSpan.FromSeconds(1);

    private const int Retries = 1;

    /// <summary>What is wrong with a connection; null when nothing is.</summary>
    internal static string? Complaint(string? connection)
    {
        if (string.IsNullOrWhiteSpace(connection))
            return "The azure profile needs a connection: a storage account's connection string, or https://ACCOUNT.table.core.windows.net for the host's managed identity.";
        try
        {
            Connect(connection, null);
            return null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            return "The connection of the azure profile is neither a storage account's connection string nor an https address.";
        }
    }

    /// <summary>A client on a connection string, or on an https address with a credential: the given one, or what <see cref="DefaultAzureCredential"/> finds.</summary>
    internal static TableServiceClient Connect(string connection, TokenCredential? credential, TableClientOptions? options = null)
    {
        options ??= new TableClientOptions();
        options.Retry.Mode = RetryMode.Fixed;
        options.Retry.Delay = TimeSpan.FromMilliseconds(100);
        options.Retry.MaxRetries = Retries;
        options.Retry.NetworkTimeout = TryTime;
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var address))
            return new TableServiceClient(connection, options);
        // A token over plain HTTP would be anyone's.
        return address.Scheme == Uri.UriSchemeHttps
            ? new TableServiceClient(address, credential ?? new DefaultAzureCredential(), options)
            : throw new ArgumentException("A credential goes over https alone.", nameof(connection));
    }
}
