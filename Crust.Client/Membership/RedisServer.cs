using StackExchange.Redis;

namespace Crust.Client.Membership;

/// <summary>Makes connections with Redis that fail soon and come back by themselves.</summary>
internal static class RedisServer
{
    /// <summary>The time of one command. Ours: within what a grain waits for storage.</summary>
    private static readonly TimeSpan CommandTime = TimeSpan.FromSeconds(1.5);

    /// <summary>Where Orleans keeps the silos of a cluster.</summary>
    internal static string MembershipKey(string serviceId, string clusterId) => $"{serviceId}/members/{clusterId}";

    /// <summary>What is wrong with a connection; null when nothing is.</summary>
    internal static string? Complaint(string? connection)
    {
        if (string.IsNullOrWhiteSpace(connection))
            return "The redis profile needs a connection: HOST:PORT, with options after commas (password=…,ssl=true).";
        try
        {
            return Parse(connection).EndPoints.Count > 0 ? null : "The connection of the redis profile names no HOST:PORT.";
        }
        catch (ArgumentException e)
        {
            return $"The connection of the redis profile cannot be read: {e.Message}";
        }
    }

    /// <summary>The options that count; <c>abortConnect</c> is off, so that a server that is away is waited for.</summary>
    internal static ConfigurationOptions Parse(string connection)
    {
        var options = ConfigurationOptions.Parse(connection);
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = (int)TimeSpan.FromSeconds(2).TotalMilliseconds;
        options.SyncTimeout = options.AsyncTimeout = (int)CommandTime.TotalMilliseconds;
        // What waits for a server that is away is refused at once: the outcome is then known.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new LinearRetry(500);
        options.ClientName = "crust";
        return options;
    }
}
