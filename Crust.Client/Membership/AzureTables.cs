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

    /// <summary>
    /// A state operation's time. Ours: a hundred times a healthy answer's, and less than a grain waits for storage. There is one try: a repeated insert finds its own
    /// row and calls it a conflict, and whoever wants another try has a better reason than this client.
    /// </summary>
    internal static readonly TimeSpan StateTime = TimeSpan.FromSeconds(1.6);

    /// <summary>An operation's time where nobody waits for the answer: the membership.</summary>
    private static readonly TimeSpan MembershipTime = TimeSpan.FromSeconds(5);

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
    /// <param name="connection">The string or address.</param>
    /// <param name="credential">For an address; null to look for one.</param>
    /// <param name="time">An operation's time; 5 s if left out.</param>
    internal static TableServiceClient Connect(string connection, TokenCredential? credential, TimeSpan? time = null)
    {
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 0;
        options.Retry.NetworkTimeout = time ?? MembershipTime;
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var address))
            return new TableServiceClient(connection, options);
        // A token over plain HTTP would be anyone's.
        return address.Scheme == Uri.UriSchemeHttps
            ? new TableServiceClient(address, credential ?? new DefaultAzureCredential(), options)
            : throw new ArgumentException("A credential goes over https alone.", nameof(connection));
    }
}
